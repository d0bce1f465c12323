// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "hepar/nn/tensor.h"
#include "hepar/windows/sliding_window.h"

namespace hepar {

// A mask on a grid of its own over the field of a volume, d x h x w, w fastest: along an axis voxel n of the
// grid has its centre at (n + 0.5) * volume / grid voxels of the volume.
struct RegionMask {
  Kernel3 size{};
  std::vector<std::uint8_t> inside;  // 0 or 1
};

// Choices are one byte a window, as SlidingWindows::choose() takes them.

// Windows in which the centre of every voxel of the region lies, at least once: along each axis the fewest
// neighbours that hold the region's box, and of these the ones that hold a part of the region. None for an
// empty region.
std::vector<std::uint8_t> windows_over(const SlidingWindows& windows, const RegionMask& region);

// How many voxels of the region have their centre in none of these windows.
std::int64_t count_outside(const SlidingWindows& windows, const std::vector<std::uint8_t>& run,
                           const RegionMask& region);

// Windows with a voxel above `least_value` in the first channel of the image (1, channels, d, h, w); what
// lies beyond the image does not count.
std::vector<std::uint8_t> windows_above(const SlidingWindows& windows, const Tensor& image,
                                        float least_value);

}  // namespace hepar
