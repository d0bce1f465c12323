// SPDX-License-Identifier: Apache-2.0
#include "hepar/report/svg_path.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using Points = std::vector<ReportPoint>;

TEST(SvgPath, GoesRoundARectangleWithoutThePointsOnItsSides) {
  const Points rectangle{{1, 1}, {2, 1}, {4, 1}, {4, 3}, {2, 3}, {1, 3}};
  EXPECT_EQ(svg_path(rectangle, PathEnd::kClosed), "M1 1h3v2h-3z");
  EXPECT_EQ(svg_path(rectangle, PathEnd::kOpen), "M1 1h3v2h-3");
}

TEST(SvgPath, LeavesOutWhatNumbersDoNotNeed) {
  // The 0.5 level around one pixel. No zero before a point, no space before a sign or a second point.
  EXPECT_EQ(svg_path(Points{{1.5, 1}, {2, 1.5}, {1.5, 2}, {1, 1.5}}, PathEnd::kClosed),
            "M1.5 1l.5.5-.5.5-.5-.5z");
  // A point after a whole number would belong to it.
  EXPECT_EQ(svg_path(Points{{0, 0}, {1, 0.5}, {11.2, 1}, {-9, 1.1}}, PathEnd::kOpen),
            "M0 0l1 .5 10.2.5-20.2.1");
}

TEST(SvgPath, RoundsPointsNotSteps) {
  // Steps of 0.04 would each round to nothing; the points are 0, 0, 0.1, 0.1, 0.2.
  EXPECT_EQ(svg_path(Points{{0, 0}, {0.04, 0}, {0.08, 0}, {0.12, 0}, {0.16, 0}}, PathEnd::kOpen), "M0 0h.2");
}

TEST(SvgPath, KeepsATurnBackAndDropsAPointThatRepeats) {
  EXPECT_EQ(svg_path(Points{{0, 0}, {3, 0}, {3, 0}, {1, 0}}, PathEnd::kOpen), "M0 0h3-2");
}

TEST(SvgPath, IsEmptyWithoutPointsAndADotWithOne) {
  EXPECT_EQ(svg_path({}, PathEnd::kClosed), "");
  EXPECT_EQ(svg_path(Points{{-0.5, 7}}, PathEnd::kClosed), "M-.5 7z");
}

TEST(SvgPath, RefusesAPointThatIsNoNumber) {
  EXPECT_THROW(svg_path(Points{{0, std::numeric_limits<double>::quiet_NaN()}}, PathEnd::kOpen), Error);
  EXPECT_THROW(svg_path(Points{{std::numeric_limits<double>::infinity(), 0}}, PathEnd::kOpen), Error);
}

}  // namespace
}  // namespace hepar
