// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/core/random.h"
#include "hepar/nn/model_folder.h"
#include "hepar/recipe/training_recipe.h"
#include "hepar/train/patch_sampling.h"
#include "hepar/train/spatial.h"

namespace hepar {

// A training patch out of a window of geometry.initial_size, with all the random changes of the recipe in
// nnU-Net's order (training/nnUNetTrainer/nnUNetTrainer.py, get_training_transforms): rotation and scaling,
// darkening (ours), noise, blur, brightness, contrast, low resolution, gamma, mirroring; then channels with
// use_mask_for_norm become 0 where the label is -1, and the label -1 becomes 0. Each change draws from its
// own fork of `random`: switched off, it leaves the others as they are.
Patch augmented_patch(const SourceWindow& window, const PatchGeometry& geometry, const ModelPlan& plan,
                      const DatasetLabels& labels, const AugmentationRecipe& recipe, const Random& random);

// The label -1, where the case has nothing, becomes background.
void make_nothing_background(Patch& patch);

}  // namespace hepar
