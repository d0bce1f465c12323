// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/resize_taps.h"

#include <algorithm>
#include <cmath>

#include "hepar/imaging/axis_pass.h"

namespace hepar::detail {
namespace {

double coordinate(std::int64_t t, std::int64_t size, std::int64_t new_size) {
  const double zoom = static_cast<double>(size) / static_cast<double>(new_size);
  return (static_cast<double>(t) + 0.5) * zoom - 0.5;
}

}  // namespace

std::vector<LinearTap> linear_taps(std::int64_t size, std::int64_t new_size, int order) {
  std::vector<LinearTap> taps(static_cast<std::size_t>(new_size));
  for (std::int64_t t = 0; t < new_size; ++t) {
    const double x = coordinate(t, size, new_size);
    const double floor = std::floor(order == 0 ? x + 0.5 : x);
    const auto low = static_cast<std::int64_t>(floor);
    const double low_weight = order == 0 ? 1.0 : 1.0 - (x - floor);
    taps[static_cast<std::size_t>(t)] = {std::clamp<std::int64_t>(low, 0, size - 1),
                                         std::clamp<std::int64_t>(low + (order == 0 ? 0 : 1), 0, size - 1),
                                         low_weight, 1.0 - low_weight};
  }
  return taps;
}

std::vector<CubicTap> cubic_taps(std::int64_t size, std::int64_t new_size) {
  std::vector<CubicTap> taps(static_cast<std::size_t>(new_size));
  for (std::int64_t t = 0; t < new_size; ++t) {
    // The padding comes before the coordinate is split, and so into its rounding.
    const double x = coordinate(t, size, new_size) + static_cast<double>(kSplinePadding);
    CubicTap& tap = taps[static_cast<std::size_t>(t)];
    tap.first = taps_at(x, Interpolation::kCubic, tap.weights);
  }
  return taps;
}

}  // namespace hepar::detail
