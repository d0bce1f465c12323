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

}  // namespace

PlaneInterpolation::PlaneInterpolation(const Kernel3& source, const Kernel3& target,
                                       std::optional<std::size_t> nearest_axis)
    : source_(source) {
  for (std::size_t axis = 0; axis < 3; ++axis)
    taps_[axis] = (nearest_axis == axis ? nearest_taps : linear_taps)(source[axis], target[axis]);
}

void PlaneInterpolation::widen(std::span<const float> source, std::span<float> result) const {
  for (std::size_t x = 0; x < result.size(); ++x) {
    const AxisTap& tap = taps_[2][x];
    result[x] = source[static_cast<std::size_t>(tap.low)] * static_cast<float>(tap.low_weight) +
                source[static_cast<std::size_t>(tap.high)] * static_cast<float>(tap.high_weight);
  }
}

void PlaneInterpolation::row(std::int64_t d, std::int64_t h, const float* low, const float* high,
                             std::span<float> result) const {
  const AxisTap &tap_d = planes(d), &tap_h = taps_[1][static_cast<std::size_t>(h)];
  const auto width = static_cast<std::int64_t>(result.size());
  const float* rows[4] = {low + tap_h.low * width, low + tap_h.high * width, high + tap_h.low * width,
                          high + tap_h.high * width};
  const float weights[4] = {static_cast<float>(tap_d.low_weight * tap_h.low_weight),
                            static_cast<float>(tap_d.low_weight * tap_h.high_weight),
                            static_cast<float>(tap_d.high_weight * tap_h.low_weight),
                            static_cast<float>(tap_d.high_weight * tap_h.high_weight)};
  for (std::size_t x = 0; x < result.size(); ++x) {
    result[x] =
        rows[0][x] * weights[0] + rows[1][x] * weights[1] + rows[2][x] * weights[2] + rows[3][x] * weights[3];
  }
}

float PlaneInterpolation::exact(const Kernel3& voxel, const float* low, const float* high) const {
  const AxisTap& d = planes(voxel[0]);
  const AxisTap& h = taps_[1][static_cast<std::size_t>(voxel[1])];
  const AxisTap& w = taps_[2][static_cast<std::size_t>(voxel[2])];
  const std::int64_t width = source_[2];
  double sum = 0;
  const auto add_row = [&](const float* row, double weight_d, double weight_h) {
    sum += static_cast<double>(row[w.low]) * weight_d * weight_h * w.low_weight;
    sum += static_cast<double>(row[w.high]) * weight_d * weight_h * w.high_weight;
  };
  add_row(low + h.low * width, d.low_weight, h.low_weight);
  add_row(low + h.high * width, d.low_weight, h.high_weight);
  add_row(high + h.low * width, d.high_weight, h.low_weight);
  add_row(high + h.high * width, d.high_weight, h.high_weight);
  return half_rounded(sum);
}

}  // namespace hepar
