// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/nn/model_folder.h"
#include "hepar/volume/reorient.h"
#include "hepar/volume/volume.h"

namespace hepar {

// A CT as a network sees it, and what leads back to the scan. The image's storage is a tensor (1, 1, d, h,
// w) = (1, 1, k, j, i).
struct PreprocessedCase {
  Volume<float> image;  // normalised, on the network's grid
  AxisOrder order;      // reorient(scan, order) has the network's axes
  Geometry reoriented;  // the scan's own voxels along the network's axes; inverse(order) leads from here to
                        // the scan
};

// The grid a network of this plan works on: the plan's orientation and spacing over the scan's field,
// round_half_to_even(size * spacing / planned spacing) voxels along each axis (nnU-Net
// preprocessing/resampling/default_resampling.py).
Geometry network_grid(const Geometry& scan, const ModelPlan& plan);

// Reorients, normalises, resamples (cubic), in nnU-Net's order (default_preprocessor.py); its cropping to
// the non-zero box is left out, as CT has no exact zero background.
// CTNormalization: clip to the percentiles, subtract the mean, divide by max(SD, 1e-8), in float32.
// Throws Error(kUnsupported) for another normalisation or more than one channel. Besides the result it
// needs memory for one copy of the scan.
PreprocessedCase preprocess(const CtVolume& ct, const ModelPlan& plan);

// Labels on the network's grid, as nnU-Net resamples them: each label's 0/1 mask linearly, in ascending
// order, a voxel being of the last one that reaches 0.5 there.
LabelMap preprocess_labels(const LabelMap& labels, const ModelPlan& plan);

}  // namespace hepar
