// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cmath>

#include "hepar/core/error.h"
#include "hepar/imaging/planar_contours.h"
#include "hepar/imaging/test_planar_mask.h"

namespace hepar {
namespace {

constexpr ContourStyle kStyles[] = {ContourStyle::kHalfLevel, ContourStyle::kPixelEdges};

double distance_to_line(PlanePoint p, PlanePoint a, PlanePoint b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double t = std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / (dx * dx + dy * dy), 0.0, 1.0);
  return std::hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

double distance_to_loop(PlanePoint p, const PlaneLoop& loop) {
  double least = 1e9;
  for (std::size_t n = 0; n < loop.size(); ++n)
    least = std::min(least, distance_to_line(p, loop[n], loop[(n + 1) % loop.size()]));
  return least;
}

std::size_t point_count(const std::vector<PlaneLoop>& loops) {
  std::size_t count = 0;
  for (const PlaneLoop& loop : loops) count += loop.size();
  return count;
}

TEST(SimplifyRegions, KeepsTheMaskWithinTheToleranceAndCrossesNothing) {
  for (std::uint64_t number = 0; number < 200; ++number) {
    const PlanarMask mask = random_mask(number, 24);
    for (const ContourStyle style : kStyles) {
      for (const double tolerance : {0.2, 0.5, 1.0, 100.0}) {
        const std::vector<PlaneRegion> before = traced(mask, style);
        std::vector<PlaneRegion> after = before;
        simplify_regions(after, 1, 1, tolerance);
        const std::vector<PlaneLoop> old_loops = loops_of(before), new_loops = loops_of(after);
        ASSERT_EQ(filled(new_loops, mask), mask.pixels) << number << ' ' << tolerance;
        ASSERT_EQ(count_crossings(new_loops), 0) << number << ' ' << tolerance;
        ASSERT_EQ(new_loops.size(), old_loops.size());
        for (std::size_t n = 0; n < new_loops.size(); ++n) {
          ASSERT_GE(new_loops[n].size(), 3U);
          for (const PlanePoint& point : old_loops[n])
            ASSERT_LE(distance_to_loop(point, new_loops[n]), tolerance + 1e-9);
        }
        ASSERT_LE(point_count(new_loops), point_count(old_loops));
      }
    }
  }
}

// A disc of radius r = 50 pixels: a line that strays s = 1 pixel to either side spans up to 2 sqrt(4 r s), 28
// of them, so 11 lines go round; those that also keep between the pixels are shorter.
TEST(SimplifyRegions, DiscNeedsFewPoints) {
  PlanarMask mask = empty_mask(110, 110);
  for (std::int64_t j = 0; j < 110; ++j) {
    for (std::int64_t i = 0; i < 110; ++i)
      mask.at(i, j) = std::hypot(static_cast<double>(i) - 55, static_cast<double>(j) - 55) < 50;
  }
  auto regions = traced(mask, ContourStyle::kHalfLevel);
  const std::size_t before = regions[0].outer.size();
  simplify_regions(regions, 1, 1, 1);
  EXPECT_GE(regions[0].outer.size(), 11U);
  EXPECT_LE(regions[0].outer.size(), before * 2 / 3);
}

// Steps of one pixel every four: corners lie within 0.6 mm of slanted lines on pixels of 0.5 mm, and farther
// when these are 4 mm high.
TEST(SimplifyRegions, ToleranceIsInMillimetres) {
  const PlanarMask mask =
      drawn_mask({"####............", "########........", "############....", "################"});
  const auto points = [&](double row_spacing_mm) {
    auto regions = traced(mask, ContourStyle::kPixelEdges);
    simplify_regions(regions, 0.5, row_spacing_mm, 0.6);
    return regions[0].outer.size();
  };
  EXPECT_LT(points(0.5), 10U);
  EXPECT_EQ(points(4), 10U);
}

TEST(SimplifyRegions, SurvivesRoundingOfThePoints) {
  constexpr double kSpacing = 0.05;  // 50 times the rounding
  for (std::uint64_t number = 0; number < 200; ++number) {
    const PlanarMask mask = random_mask(number);
    auto regions = traced(mask, ContourStyle::kHalfLevel);
    simplify_regions(regions, kSpacing, kSpacing, 10);
    std::vector<PlaneLoop> loops = keyholed(regions);
    for (PlaneLoop& loop : loops) {
      for (PlanePoint& point : loop) {
        point.x =
            std::round((point.x * kSpacing + 0.0123456) * 1000) / 1000 / kSpacing - 0.0123456 / kSpacing;
        point.y =
            std::round((point.y * kSpacing - 0.0345678) * 1000) / 1000 / kSpacing + 0.0345678 / kSpacing;
      }
    }
    EXPECT_EQ(filled(loops, mask), mask.pixels) << number;
  }
}

TEST(SimplifyRegions, RefusesSpacingsThatAreNone) {
  std::vector<PlaneRegion> regions;
  EXPECT_THROW(simplify_regions(regions, 0, 1, 1), Error);
  EXPECT_THROW(simplify_regions(regions, 1, 1, -1), Error);
}

}  // namespace
}  // namespace hepar
