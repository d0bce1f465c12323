// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace hepar::detail {

// Which samples a voxel of the resized line is the weighted sum of. Coordinates and weights are computed
// as in scipy/ndimage/src/ni_interpolation.c (NI_ZoomShift) and ni_splines.c, operation by operation.
struct LinearTap {
  std::int64_t low, high;  // within the line; equal at its ends
  double low_weight, high_weight;
};
struct CubicTap {
  std::int64_t first;  // of four coefficients of the line padded by kSplinePadding
  std::array<double, 4> weights;
};

// `order` 0: the nearest sample, with the weights 1 and 0.
std::vector<LinearTap> linear_taps(std::int64_t size, std::int64_t new_size, int order);
std::vector<CubicTap> cubic_taps(std::int64_t size, std::int64_t new_size);

}  // namespace hepar::detail
