// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>

#include "hepar/volume/volume.h"

namespace hepar {

// What nnU-Net takes for the patient: the voxels that are not exactly 0 in any channel, and their holes
// (preprocessing/cropping/cropping.py). Channels on one grid.

// The smallest box around them; the whole grid when all voxels are 0.
Box3 nonzero_box(std::span<const CtVolume> channels);

// The voxels themselves, 3-D holes filled; nothing when they are all voxels.
std::optional<Mask> nonzero_mask(std::span<const CtVolume> channels);

}  // namespace hepar
