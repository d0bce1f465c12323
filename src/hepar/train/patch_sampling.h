// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "hepar/core/random.h"
#include "hepar/nn/model_folder.h"
#include "hepar/recipe/training_recipe.h"
#include "hepar/train/training_case.h"

namespace hepar {

// How large patches are, how large what they are cut from before they are turned and scaled, and by how much
// they are turned (nnU-Net training/nnUNetTrainer/nnUNetTrainer.py,
// configure_rotation_dummyDA_mirroring_and_inital_patch_size).
struct PatchGeometry {
  Kernel3 final_size{}, initial_size{};  // voxels along d, h, w
  // Turned about d and scaled along h and w alone: in slices, and where the slices are far apart.
  bool in_plane = false;
  double rotation_limit_rad = 0;  // about each axis, +-
};

// Of training patches. Rotation is by at most the recipe's angle; in_plane, where that is 30, by nnU-Net's
// own, half a turn, or 15 degrees in a 2d configuration whose patch is longer than 1.5 times its width. What
// is neither turned nor scaled is cut as it is.
PatchGeometry training_geometry(const ModelPlan& plan, const AugmentationRecipe& recipe);

// Voxels along d, h, w that a patch may reach when it is turned about one axis by the angle, capped at 90
// degrees, and enlarged by 1 / 0.85 (nnU-Net training/data_augmentation/compute_initial_patch_size.py).
Kernel3 initial_patch_size(const Kernel3& final_size, double rotation_limit_rad, bool in_plane);

// Whether sample number `sample` of a batch must show a foreground voxel: the last ones of the batch do
// (nnU-Net training/dataloading/data_loader.py, _oversample_last_XX_percent).
bool shows_foreground(std::int64_t sample, std::int64_t batch, double oversample_foreground);

// The index in the case of a patch's first voxel; parts of the patch may lie outside the case. Random, or
// with `foreground` around a voxel of a random class that the case has; with an ignore label always around an
// annotated voxel (data_loader.py, get_bbox).
Kernel3 draw_patch_start(const TrainingCase& source, const DatasetLabels& labels,
                         const PatchGeometry& geometry, bool foreground, Random random);

}  // namespace hepar
