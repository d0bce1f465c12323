// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/plane_interpolation.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace hepar {
namespace {

// scipy's ni_interpolation.c clamps the voxels, not the place: at the borders both voxels are one.
std::vector<AxisTap> linear_taps(std::int64_t source, std::int64_t target) {
  std::vector<AxisTap> taps;
  const double ratio = static_cast<double>(source) / static_cast<double>(target);
  for (std::int64_t n = 0; n < target; ++n) {
    const double place = (static_cast<double>(n) + 0.5) * ratio - 0.5;
    const double below = std::floor(place);
    const double low_weight = 1 - (place - below);
    const auto low = static_cast<std::int64_t>(below);
    AxisTap tap{std::clamp<std::int64_t>(low, 0, source - 1),
                std::clamp<std::int64_t>(low + 1, 0, source - 1), low_weight, 1 - low_weight};
    if (tap.high_weight == 0) tap.high = tap.low;
    taps.push_back(tap);
  }
  return taps;
}

std::vector<AxisTap> nearest_taps(std::int64_t source, std::int64_t target) {
  std::vector<AxisTap> taps;
  const double ratio = static_cast<double>(source) / static_cast<double>(target);
  for (std::int64_t n = 0; n < target; ++n) {
    const double place = ratio * (static_cast<double>(n) + 0.5) - 0.5;
    const auto nearest =
        std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(place + 0.5)), 0, source - 1);
    taps.push_back({nearest, nearest, 1, 0});
  }
  return taps;
}

// To the nearest float16, ties to even, in one step from double as NumPy stores it; below 65520. The sum with
// 1.5 * 2^42 times the value's power of two keeps 10 bits behind its leading one, and float16's
// subnormals have the steps of 2^-14.
float half_rounded(double value) {
  const double power = std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) & 0x7ff0000000000000u);
  const double shift = std::max(power, 0x1p-14) * 0x1.8p42;
  return static_cast<float>(value + shift - shift);
}

// The rows of both planes that lie about target row h, with the weights of their plane and row.
struct Corner {
  const float* row;
  double along_d, along_h;
};
using Corners = std::array<Corner, 4>;  // d outermost

// Corner values times their weights along d and h, the four of a source voxel side by side, then along w.
void exact_row(const Corners& corners, std::int64_t width, const std::vector<AxisTap>& taps,
               std::span<float> result, PlaneInterpolation::Scratch& scratch) {
  scratch.corners.resize(static_cast<std::size_t>(4 * width));
  double* at = scratch.corners.data();
  for (std::int64_t x = 0; x < width; ++x, at += 4) {
    for (std::size_t n = 0; n < 4; ++n)
      at[n] = static_cast<double>(corners[n].row[x]) * corners[n].along_d * corners[n].along_h;
  }
  for (std::size_t x = 0; x < result.size(); ++x) {
    const AxisTap& tap = taps[x];
    const double *low = scratch.corners.data() + 4 * tap.low, *high = scratch.corners.data() + 4 * tap.high;
    double sum = 0;
    for (std::size_t n = 0; n < 4; ++n) {
      sum += low[n] * tap.low_weight;
      sum += high[n] * tap.high_weight;
    }
    result[x] = half_rounded(sum);
  }
}

void float_row(const Corners& corners, std::int64_t width, const std::vector<AxisTap>& taps,
               std::span<float> result, PlaneInterpolation::Scratch& scratch) {
  scratch.blended.resize(static_cast<std::size_t>(width));
  float weights[4];
  for (std::size_t n = 0; n < 4; ++n)
    weights[n] = static_cast<float>(corners[n].along_d * corners[n].along_h);
  float* blended = scratch.blended.data();
  for (std::int64_t x = 0; x < width; ++x) {
    blended[x] = corners[0].row[x] * weights[0] + corners[1].row[x] * weights[1] +
                 corners[2].row[x] * weights[2] + corners[3].row[x] * weights[3];
  }
  for (std::size_t x = 0; x < result.size(); ++x) {
    const AxisTap& tap = taps[x];
    result[x] = blended[tap.low] * static_cast<float>(tap.low_weight) +
                blended[tap.high] * static_cast<float>(tap.high_weight);
  }
}

}  // namespace

PlaneInterpolation::PlaneInterpolation(const Kernel3& source, const Kernel3& target,
                                       std::optional<std::size_t> nearest_axis, bool exact)
    : source_width_(source[2]), exact_(exact) {
  for (std::size_t axis = 0; axis < 3; ++axis)
    taps_[axis] = (nearest_axis == axis ? nearest_taps : linear_taps)(source[axis], target[axis]);
}

void PlaneInterpolation::row(std::int64_t d, std::int64_t h, const float* low, const float* high,
                             std::span<float> result, Scratch& scratch) const {
  const AxisTap& along_d = planes(d);
  const AxisTap& along_h = taps_[1][static_cast<std::size_t>(h)];
  const std::int64_t low_row = along_h.low * source_width_, high_row = along_h.high * source_width_;
  const Corners corners{{{low + low_row, along_d.low_weight, along_h.low_weight},
                         {low + high_row, along_d.low_weight, along_h.high_weight},
                         {high + low_row, along_d.high_weight, along_h.low_weight},
                         {high + high_row, along_d.high_weight, along_h.high_weight}}};
  (exact_ ? exact_row : float_row)(corners, source_width_, taps_[2], result, scratch);
}

}  // namespace hepar
