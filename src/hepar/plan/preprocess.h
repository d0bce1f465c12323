// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/nn/model_folder.h"
#include "hepar/nn/tensor.h"
#include "hepar/volume/reorient.h"
#include "hepar/volume/volume.h"

namespace hepar {

// A scan as a network sees it, and what leads back to the scan.
struct PreprocessedCase {
  Tensor image;        // (1, channels, d, h, w): normalised, on the network's grid
  AxisOrder order;     // reorient(scan, order) has the network's axes: its (k, j, i) are d, h, w
                       // (orientation and transpose_forward together)
  Geometry reordered;  // the scan's own voxels along the network's axes
  Box3 crop;           // of `reordered`: the box around all that is not zero in any channel
};

// The channels of one scan as nnU-Net v2 prepares them (preprocessing/preprocessors/default_preprocessor.py):
// axes reordered, cut to nonzero_box(), normalised (normalization.h), resampled to the plan's spacing by
// plan.image_resampling, in this order. In a 2d configuration the first network axis keeps its spacing.
// Channels are read as they lie: besides the result it needs the memory that resize() says, and one byte for
// each voxel where a channel is normalised inside a mask.
// Throws Error(kInvalidInput) when the channels are not as many as the plan's or lie on different grids, or
// when nothing is left at the plan's spacing; Error(kUnsupported) for an unknown normalisation or a
// resampling other than of order 0, 1 or 3 with order_z 0.
PreprocessedCase preprocess(std::span<const CtVolume> channels, const ModelPlan& plan,
                            Progress* progress = nullptr);
PreprocessedCase preprocess(const CtVolume& ct, const ModelPlan& plan, Progress* progress = nullptr);

// The order that gives a scan the network's axes: the plan's orientation, then its transpose_forward.
AxisOrder network_order(const Geometry& scan, const ModelPlan& plan);

// The grid of `image` in the world: the field of `crop`, divided into as many voxels.
Geometry network_grid(const PreprocessedCase& prepared);

// A box of a volume of this size, in the voxels of the reordered volume.
Box3 reordered_box(const Box3& box, Int3 size, const AxisOrder& order);

// A scan's labels on the grid of its `image`, (d, h, w), as nnU-Net prepares them for training: -1 where
// they are 0 outside nonzero_mask() of the channels, resampled by plan.label_resampling. T is std::uint8_t or
// std::uint16_t; a label above 32767 is Error(kUnsupported).
template <class T>
std::vector<std::int16_t> preprocess_labels(const Volume<T>& labels, std::span<const CtVolume> channels,
                                            const PreprocessedCase& prepared, const ModelPlan& plan);

// Appends the labels that the configuration plan.previous_stage found on the scan's grid: a channel of 0 and
// 1 for each of these labels, resampled by plan.label_resampling (nnunetv2/inference/data_iterators.py,
// convert_labelmap_to_one_hot).
void append_previous_stage(PreprocessedCase& prepared, const WideLabelMap& previous, const ModelPlan& plan,
                           const std::vector<int>& foreground_labels);

}  // namespace hepar
