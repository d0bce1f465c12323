// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/outline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string_view>

namespace hepar {
namespace {

AxialPlane<std::uint8_t> plane_of(std::initializer_list<std::string_view> rows) {
  AxialPlane<std::uint8_t> plane{
      static_cast<std::int64_t>(rows.begin()->size()), static_cast<std::int64_t>(rows.size()), {}};
  for (const std::string_view row : rows)
    for (const char c : row) plane.pixels.push_back(c == '#' ? 1 : 0);
  return plane;
}

std::vector<PlaneLoop> trace(const AxialPlane<std::uint8_t>& plane) {
  return outline(plane, [](std::uint8_t label) { return label == 1; });
}

// Shoelace formula; positive when clockwise on a screen whose y points down.
double area(const PlaneLoop& loop) {
  double sum = 0;
  for (std::size_t n = 0; n < loop.size(); ++n) {
    const PlanePoint a = loop[n], b = loop[(n + 1) % loop.size()];
    sum += a.x * b.y - b.x * a.y;
  }
  return sum / 2;
}

TEST(Outline, OfOnePixelIsTheDiamondOfItsBorderMiddles) {
  const auto loops = trace(plane_of({"...", ".#.", "..."}));
  ASSERT_EQ(loops.size(), 1U);
  EXPECT_EQ(loops[0], (PlaneLoop{{1.5, 1}, {2, 1.5}, {1.5, 2}, {1, 1.5}}));
}

TEST(Outline, OfARectangleAtThePlaneBorderIsClosed) {
  // A 3 x 2 rectangle of 6 pixels loses a corner triangle of 1/8 pixel four times: area 5.5.
  const auto loops = trace(plane_of({"###", "###"}));
  ASSERT_EQ(loops.size(), 1U);
  EXPECT_DOUBLE_EQ(area(loops[0]), 5.5);
}

TEST(Outline, OfARingHasAHoleOfOppositeSense) {
  const auto loops = trace(plane_of({"###", "#.#", "###"}));
  ASSERT_EQ(loops.size(), 2U);
  EXPECT_DOUBLE_EQ(area(loops[0]), 8.5);   // 9 less four corners of 1/8
  EXPECT_DOUBLE_EQ(area(loops[1]), -0.5);  // the diamond of one pixel
}

TEST(Outline, KeepsPixelsThatTouchAtACornerApart) {
  const auto loops = trace(plane_of({"#.", ".#"}));
  ASSERT_EQ(loops.size(), 2U);
  EXPECT_EQ(loops[0].size(), 4U);
  EXPECT_EQ(loops[1].size(), 4U);
}

TEST(Outline, KeepsItsShapeWithoutStraightPoints) {
  // A 4 x 3 rectangle with cut corners: 14 border middles, of which 8 are corners.
  const PlaneLoop loop = trace(plane_of({"####", "####", "####"})).at(0);
  EXPECT_EQ(loop.size(), 14U);
  const PlaneLoop corners = without_straight_points(loop);
  EXPECT_EQ(corners,
            (PlaneLoop{{0.5, 0}, {3.5, 0}, {4, 0.5}, {4, 2.5}, {3.5, 3}, {0.5, 3}, {0, 2.5}, {0, 0.5}}));
  EXPECT_DOUBLE_EQ(area(corners), area(loop));
}

TEST(Outline, OfNothingIsEmpty) { EXPECT_TRUE(trace(plane_of({"...", "..."})).empty()); }

}  // namespace
}  // namespace hepar
