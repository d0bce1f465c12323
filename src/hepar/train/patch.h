// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hepar/core/random.h"
#include "hepar/core/vec.h"
#include "hepar/train/training_case.h"

namespace hepar {

// One network input with its truth, (d, h, w) with w contiguous.
struct Patch {
  std::vector<float> image;
  std::vector<std::uint8_t> labels;
};

// Ranges of the random changes to training patches. Rotation and gamma are the paper's (Lin et al. 2024);
// the others are ours, and smaller than nnU-Net's, since HU mean something. No mirroring: a patient's
// left is not his right.
struct Augmentation {
  double rotation_deg = 15;        // about each axis
  double log_scale = 0.2;          // size by e^[-x, x]
  double geometry_chance = 0.5;    // of rotation and scaling together
  double log_gamma = 0.3;          // exponent e^[-x, x] over the patch's range
  double log_gain = 0.1;           // contrast about 0 by e^[-x, x]
  double shift = 0.1;              // brightness +-x, in SDs of the normalisation
  double noise_sd = 0.25;          // of white noise, at most
  double intensity_chance = 0.25;  // of each of the last four
  // Lesion voxels, those with one of these labels, are now and then moved together by a random part of the
  // way from their mean to fluid (10 HU), ours: what is dark and in the liver is then learnt as a lesion,
  // and the Gaussian filter tells cysts from tumours. Only for plans with CTNormalization.
  std::vector<int> lesion_labels = {};
  double darkening_chance = 0.4;
};

// The patch of `size` voxels whose centre has the continuous index (d, h, w) = (x, y, z) of `centre`;
// patch offsets from its middle are taken through `source_from_patch`. Trilinear for the image, nearest
// voxel for labels; beyond the case both are 0, as in nnU-Net's data loader.
Patch cut_patch(const TrainingCase& source, const Kernel3& size, const Vec3& centre,
                const Mat3& source_from_patch);

// A random patch: around a voxel of `region` when one is given and there, else anywhere in the case. As
// in nnU-Net (data_loader.py) a patch leaves the case only where that is smaller than the patch.
Patch draw_patch(const TrainingCase& source, const ModelPlan& plan, std::optional<std::size_t> region,
                 const Augmentation& augmentation, Random random);

}  // namespace hepar
