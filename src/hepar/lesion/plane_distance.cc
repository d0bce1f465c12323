// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/plane_distance.h"

#include <algorithm>
#include <cmath>

namespace hepar {
namespace {

// Squared distance from the middle of a pixel to the near side of the one `steps` away.
float squared_side_mm2(std::int64_t steps, double pixel_mm) {
  const double mm = std::max(0.0, (static_cast<double>(steps) - 0.5) * pixel_mm);
  return static_cast<float>(mm * mm);
}

// Squared distance along one row; `by_steps` ends with the cap. Returns whether the row holds the set.
bool scan_row(const std::uint8_t* set, std::int64_t width, std::span<const float> by_steps, float* squared) {
  const auto far = static_cast<std::int64_t>(by_steps.size()) - 1;
  std::int64_t steps = far;
  bool any = false;
  for (std::int64_t i = 0; i < width; ++i) {
    steps = set[i] != 0 ? 0 : std::min(steps + 1, far);
    any = any || steps == 0;
    squared[i] = by_steps[static_cast<std::size_t>(steps)];
  }
  if (!any) return false;
  steps = far;
  for (std::int64_t i = width - 1; i >= 0; --i) {
    steps = set[i] != 0 ? 0 : std::min(steps + 1, far);
    squared[i] = std::min(squared[i], by_steps[static_cast<std::size_t>(steps)]);
  }
  return true;
}

}  // namespace

std::vector<float> plane_distance_mm(std::span<const std::uint8_t> set, const PlaneGrid& grid, double cap_mm,
                                     RowRange rows) {
  const auto cap2 = static_cast<float>(cap_mm * cap_mm);
  std::vector<float> by_steps;
  for (std::int64_t n = 0; by_steps.empty() || by_steps.back() < cap2; ++n) {
    by_steps.push_back(std::min(cap2, squared_side_mm2(n, grid.width_mm)));
  }
  std::vector<float> along(static_cast<std::size_t>(grid.width)), squared(set.size(), cap2);
  const auto reach = static_cast<std::int64_t>(std::ceil(cap_mm / grid.height_mm + 0.5));
  const std::int64_t last_source = std::min(grid.height, rows.end + reach);
  for (std::int64_t j = std::max<std::int64_t>(0, rows.first - reach); j < last_source; ++j) {
    const float* const source = along.data();
    if (!scan_row(&set[static_cast<std::size_t>(j * grid.width)], grid.width, by_steps, along.data()))
      continue;
    const std::int64_t end = std::min(rows.end, j + reach + 1);
    for (std::int64_t to = std::max(rows.first, j - reach); to < end; ++to) {
      const float away = squared_side_mm2(std::abs(to - j), grid.height_mm);
      if (away >= cap2) continue;
      float* const target = &squared[static_cast<std::size_t>(to * grid.width)];
      for (std::int64_t i = 0; i < grid.width; ++i) target[i] = std::min(target[i], source[i] + away);
    }
  }
  const auto first = squared.begin() + rows.first * grid.width, end = squared.begin() + rows.end * grid.width;
  std::fill(squared.begin(), first, static_cast<float>(cap_mm));
  std::transform(first, end, first, [](float value) { return std::sqrt(value); });
  std::fill(end, squared.end(), static_cast<float>(cap_mm));
  return squared;
}

}  // namespace hepar
