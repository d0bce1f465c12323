// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "hepar/core/error.h"
#include "hepar/imaging/planar_contours.h"
#include "hepar/imaging/test_planar_mask.h"

namespace hepar {
namespace {
using testing::ElementsAre;

constexpr ContourStyle kStyles[] = {ContourStyle::kHalfLevel, ContourStyle::kPixelEdges};

TEST(KeyholeLoop, OneHole) {
  // Outer square of 3 x 3 pixels, the middle one open: the channel runs from the hole's corner (0.5, 0.5) to
  // the left side, and back.
  const auto regions = traced(drawn_mask({"###", "#.#", "###"}), ContourStyle::kPixelEdges);
  EXPECT_THAT(
      keyhole_loop(regions[0]),
      ElementsAre(PlanePoint{-0.5, -0.5}, PlanePoint{2.5, -0.5}, PlanePoint{2.5, 2.5}, PlanePoint{-0.5, 2.5},
                  PlanePoint{-0.5, 0.5}, PlanePoint{0.5, 0.5}, PlanePoint{0.5, 1.5}, PlanePoint{1.5, 1.5},
                  PlanePoint{1.5, 0.5}, PlanePoint{0.5, 0.5}, PlanePoint{-0.5, 0.5}));
}

TEST(KeyholeLoop, ChannelThatArrivesWhereAnotherLeaves) {
  // Diamonds around (1, 1) and (3, 1), whose first points (1, 0.5) and (3, 0.5) lie on one line: the second
  // one's channel ends at the first diamond and is entered when that has been walked around.
  const auto regions = traced(drawn_mask({"#####", "#.#.#", "#####"}), ContourStyle::kHalfLevel);
  EXPECT_THAT(keyhole_loop(regions[0]),
              ElementsAre(PlanePoint{-0.5, 0}, PlanePoint{0, -0.5}, PlanePoint{4, -0.5}, PlanePoint{4.5, 0},
                          PlanePoint{4.5, 2}, PlanePoint{4, 2.5}, PlanePoint{0, 2.5}, PlanePoint{-0.5, 2},
                          PlanePoint{-0.5, 0.5}, PlanePoint{1, 0.5}, PlanePoint{0.5, 1}, PlanePoint{1, 1.5},
                          PlanePoint{1.5, 1}, PlanePoint{1, 0.5}, PlanePoint{3, 0.5}, PlanePoint{2.5, 1},
                          PlanePoint{3, 1.5}, PlanePoint{3.5, 1}, PlanePoint{3, 0.5}, PlanePoint{1, 0.5},
                          PlanePoint{-0.5, 0.5}));
}

TEST(KeyholeLoop, WithoutHolesItIsTheLoop) {
  const PlaneRegion region{{{0, 0}, {2, 0}, {2, 2}}, {}};
  EXPECT_EQ(keyhole_loop(region), region.outer);
}

TEST(KeyholeLoop, HoleOutsideOfItsRegion) {
  const PlaneLoop outer{{0, 0}, {2, 0}, {2, 2}, {0, 2}};
  EXPECT_THROW(keyhole_loop({outer, {{{-4, 1}, {-5, 1.5}, {-4, 1.5}}}}), Error);
  EXPECT_THROW(keyhole_loop({outer, {{{1, 7}, {1, 7.5}, {1.2, 7.5}}}}), Error);
}

// Clockwise angle of a step, as seen with y downwards.
double angle(PlanePoint from, PlanePoint to) { return std::atan2(to.y - from.y, to.x - from.x); }

bool lies_between(double angle, double low, double high) {  // going up from low
  const auto up = [](double from, double to) {
    return to >= from ? to - from : to - from + 2 * 3.14159265358979;
  };
  return up(low, angle) > 0 && up(low, angle) < up(low, high);
}

// Two visits of one point cross when one's way in and way out are on different sides of the other's.
bool visits_cross(const PlaneLoop& loop, std::size_t a, std::size_t b) {
  const auto ways = [&](std::size_t n) {
    return std::pair{angle(loop[n], loop[(n + loop.size() - 1) % loop.size()]),
                     angle(loop[n], loop[(n + 1) % loop.size()])};
  };
  const auto [in, out] = ways(a);
  const auto [other_in, other_out] = ways(b);
  if (in == other_out || out == other_in || in == other_in || out == other_out)
    return false;  // both ways of a channel
  return lies_between(other_in, in, out) != lies_between(other_out, in, out);
}

int count_crossing_visits(const PlaneLoop& loop) {
  int count = 0;
  for (std::size_t n = 0; n < loop.size(); ++n) {
    for (std::size_t m = 0; m < n; ++m) count += loop[n] == loop[m] && visits_cross(loop, n, m);
  }
  return count;
}

bool touches_within(PlanePoint p, PlanePoint a,
                    PlanePoint b) {  // on the line, at neither end; exact for halves
  return cross(a, b, p) == 0 && !(p == a) && !(p == b) && p.x >= std::min(a.x, b.x) &&
         p.x <= std::max(a.x, b.x) && p.y >= std::min(a.y, b.y) && p.y <= std::max(a.y, b.y);
}

int count_points_on_lines(const PlaneLoop& loop) {
  int count = 0;
  for (const PlanePoint& point : loop) {
    for (std::size_t n = 0; n < loop.size(); ++n)
      count += touches_within(point, loop[n], loop[(n + 1) % loop.size()]);
  }
  return count;
}

TEST(KeyholeLoop, CrossesNothingAndKeepsTheMask) {
  int holes = 0;
  for (std::uint64_t number = 0; number < 240; ++number) {
    const PlanarMask mask = random_mask(number, 24);
    for (const ContourStyle style : kStyles) {
      const auto regions = traced(mask, style);
      EXPECT_EQ(filled(keyholed(regions), mask), mask.pixels) << number;
      for (const PlaneRegion& region : regions) {
        holes += static_cast<int>(region.holes.size());
        const PlaneLoop loop = keyhole_loop(region);
        ASSERT_EQ(count_crossings({loop}), 0) << number;
        ASSERT_EQ(count_crossing_visits(loop), 0) << number;
        ASSERT_EQ(count_points_on_lines(loop), 0) << number;
        double area = signed_area(region.outer);
        for (const PlaneLoop& hole : region.holes) area += signed_area(hole);
        ASSERT_DOUBLE_EQ(signed_area(loop), area) << number;
      }
    }
  }
  EXPECT_GT(holes, 300);
}

TEST(KeyholeLoop, ChannelsOfSimplifiedRegions) {
  for (std::uint64_t number = 0; number < 240; ++number) {
    const PlanarMask mask = random_mask(number, 24);
    for (const ContourStyle style : kStyles) {
      auto regions = traced(mask, style);
      simplify_regions(regions, 1, 1, 2);
      ASSERT_EQ(filled(keyholed(regions), mask), mask.pixels) << number;
      for (const PlaneRegion& region : regions) {
        const PlaneLoop loop = keyhole_loop(region);
        ASSERT_EQ(count_crossing_visits(loop), 0) << number;
        // A point where a channel meets a slanted line lies beside it by rounding, so that neighbours may
        // seem to cross there; moved along the channel by a millionth they don't.
        std::size_t channel_points = loop.size() - region.outer.size();
        for (const PlaneLoop& hole : region.holes) channel_points -= hole.size();
        ASSERT_GE(channel_points, 2 * region.holes.size());
        ASSERT_LE(channel_points, 3 * region.holes.size());
      }
    }
  }
}

// Where holes are joined, readers that count centres on an outline as outside must not lose pixels.
TEST(KeyholeLoop, ChannelsKeepAwayFromPixelCentres) {
  for (std::uint64_t number = 0; number < 240; ++number) {
    for (const ContourStyle style : kStyles) {
      auto regions = traced(random_mask(number, 24), style);
      if (number % 2 == 1) simplify_regions(regions, 1, 1, 1);
      for (const PlaneLoop& loop : keyholed(regions)) {
        for (std::size_t n = 0; n < loop.size(); ++n) {
          const PlanePoint a = loop[n], b = loop[(n + 1) % loop.size()];
          EXPECT_TRUE(a.y != b.y || a.y - std::floor(a.y) == 0.5) << number;
        }
      }
    }
  }
}

}  // namespace
}  // namespace hepar
