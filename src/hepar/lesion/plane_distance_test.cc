// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/plane_distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/random.h"

namespace hepar {
namespace {

// Every pixel against every other: half a pixel less than between the centres, along each axis.
double nearest_mm(std::span<const std::uint8_t> set, const PlaneGrid& grid, std::int64_t at, double cap_mm) {
  double nearest = cap_mm;
  for (std::int64_t n = 0; n < grid.width * grid.height; ++n) {
    if (set[static_cast<std::size_t>(n)] == 0) continue;
    const auto steps_i = static_cast<double>(std::abs(n % grid.width - at % grid.width));
    const auto steps_j = static_cast<double>(std::abs(n / grid.width - at / grid.width));
    nearest = std::min(nearest, std::hypot(std::max(0.0, steps_i - 0.5) * grid.width_mm,
                                           std::max(0.0, steps_j - 0.5) * grid.height_mm));
  }
  return nearest;
}

TEST(PlaneDistance, IsExactOnRandomSets) {
  Random random(3);
  int far = 0, near = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const PlaneGrid grid{random.integer(1, 40), random.integer(1, 30), random.uniform(0.3, 3),
                         random.uniform(0.3, 3)};
    const double share = random.uniform(0, 0.05), cap_mm = random.uniform(1, 12);
    std::vector<std::uint8_t> set(static_cast<std::size_t>(grid.width * grid.height));
    for (auto& pixel : set) pixel = random.chance(share) ? 7 : 0;
    const std::int64_t first = random.integer(0, grid.height - 1);
    const RowRange rows{first, random.integer(first + 1, grid.height)};
    const std::vector<float> found = plane_distance_mm(set, grid, cap_mm, rows);
    ASSERT_EQ(found.size(), set.size());
    for (std::size_t n = 0; n < set.size(); ++n) {
      const std::int64_t j = static_cast<std::int64_t>(n) / grid.width;
      const bool inside = j >= rows.first && j < rows.end;
      const double expected = inside ? nearest_mm(set, grid, static_cast<std::int64_t>(n), cap_mm) : cap_mm;
      ASSERT_NEAR(found[n], expected, 1e-5) << "pixel " << n << " of trial " << trial;
      ++(expected < cap_mm ? near : far);
    }
  }
  EXPECT_GT(far, 1000);
  EXPECT_GT(near, 1000);
}

TEST(PlaneDistance, MeasuresToThePixelsSides) {
  // The pixel (1, 1) of 2 x 3 mm: its neighbours' centres are half a pixel away, the corner's half of each.
  const std::vector<std::uint8_t> set{0, 0, 0, 0, 1, 0, 0, 0, 0};
  const std::vector<float> found = plane_distance_mm(set, {3, 3, 2, 3}, 10, {0, 3});
  const float corner = std::hypot(1.0F, 1.5F);
  const std::vector<float> expected{corner, 1.5F, corner, 1, 0, 1, corner, 1.5F, corner};
  for (std::size_t n = 0; n < 9; ++n) EXPECT_FLOAT_EQ(found[n], expected[n]) << n;
}

TEST(PlaneDistance, GivesTheCapForAnEmptySet) {
  const std::vector<std::uint8_t> set(12);
  for (const float mm : plane_distance_mm(set, {4, 3, 0.7, 0.9}, 6, {0, 3})) EXPECT_EQ(mm, 6);
}

}  // namespace
}  // namespace hepar
