// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hepar {

// A plane of pixels, i fastest.
struct PlaneGrid {
  std::int64_t width = 0, height = 0;
  double width_mm = 1, height_mm = 1;  // of one pixel
};

struct RowRange {
  std::int64_t first = 0, end = 0;
};

// Distance in mm from the centre of each pixel to the nearest pixel of the set (any value but 0) as a
// rectangle, so 0 inside the set and half a pixel beside it; exact below `cap_mm`, else `cap_mm`.
// Outside `rows` every distance is the cap. O(pixels * cap / pixel).
std::vector<float> plane_distance_mm(std::span<const std::uint8_t> set, const PlaneGrid& grid, double cap_mm,
                                     RowRange rows);

}  // namespace hepar
