// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "hepar/volume/volume.h"

namespace hepar {

// A structure in two label maps, as masks of 0 and 1 on one grid: the box around all that is not background
// and a margin of one voxel, as surface_metrics wants them lest it copy them.
struct RegionMasks {
  Mask prediction, reference;
};

// Gives nothing when both maps hold background alone. Throws Error(kInvalidInput) naming the difference when
// the maps are not on the same grid.
std::optional<RegionMasks> region_masks(const LabelMap& prediction, const LabelMap& reference,
                                        std::span<const std::uint8_t> labels);

}  // namespace hepar
