// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "hepar/imaging/resample.h"

namespace hepar::detail {

// Where the values along one target axis come from: target voxel t is the weighted sum of the samples
// (for cubic: of the spline coefficients) first[t] .. first[t] + taps - 1, an index beyond the line
// meaning its end.
struct AxisTable {
  int taps = 1;
  std::vector<std::int64_t> first;
  std::vector<std::array<double, 4>> weights;
};

// Lowest sample and weights for a continuous index.
std::int64_t taps_at(double index, Interpolation interpolation, std::array<double, 4>& weights);
AxisTable make_axis_table(const std::vector<double>& indices, Interpolation interpolation);

// A box of floats in memory; strides in floats along i, j, k.
struct FloatView {
  const float* data = nullptr;
  Int3 size, stride;
};

// So many repetitions of its end values a line gets at each end before the spline filter, as in skimage
// (and so nnU-Net); coefficients may be asked for as far outside.
inline constexpr std::int64_t kSplinePadding = 12;

// Resamples all lines of `source` along `axis` by `table`; cubic lines are prefiltered first. The sizes
// along the other axes stay. `result` has the strides `stride`, 1 along i. Sums are in double.
void resample_axis(const FloatView& source, int axis, const AxisTable& table, float* result, Int3 stride);

}  // namespace hepar::detail
