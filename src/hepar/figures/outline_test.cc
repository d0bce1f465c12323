// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/outline.h"

#include <gmock/gmock.h>

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

TEST(Outline, OfOnePixelIsTheDiamondOfItsBorderMiddles) {
  const auto loops = trace(plane_of({"...", ".#.", "..."}));
  ASSERT_EQ(loops.size(), 1U);
  EXPECT_THAT(loops[0], testing::UnorderedElementsAre(PlanePoint{1.5, 1}, PlanePoint{2, 1.5},
                                                      PlanePoint{1.5, 2}, PlanePoint{1, 1.5}));
}

TEST(Outline, OfARectangleAtThePlaneBorderIsClosed) {
  // A 3 x 2 rectangle of 6 pixels loses a corner triangle of 1/8 pixel four times: area 5.5.
  const auto loops = trace(plane_of({"###", "###"}));
  ASSERT_EQ(loops.size(), 1U);
  EXPECT_DOUBLE_EQ(signed_area(loops[0]), 5.5);
}

TEST(Outline, OfARingHasAHoleOfOppositeSense) {
  const auto loops = trace(plane_of({"###", "#.#", "###"}));
  ASSERT_EQ(loops.size(), 2U);
  EXPECT_DOUBLE_EQ(signed_area(loops[0]), 8.5);   // 9 less four corners of 1/8
  EXPECT_DOUBLE_EQ(signed_area(loops[1]), -0.5);  // the diamond of one pixel
}

TEST(Outline, KeepsPixelsThatTouchAtACornerApart) {
  const auto loops = trace(plane_of({"#.", ".#"}));
  ASSERT_EQ(loops.size(), 2U);
  EXPECT_EQ(loops[0].size(), 4U);
  EXPECT_EQ(loops[1].size(), 4U);
}

TEST(Outline, HasNoPointsOnStraightLines) {
  // A 4 x 3 rectangle with cut corners.
  const PlaneLoop loop = trace(plane_of({"####", "####", "####"})).at(0);
  EXPECT_THAT(loop, testing::UnorderedElementsAre(PlanePoint{0.5, 0}, PlanePoint{3.5, 0}, PlanePoint{4, 0.5},
                                                  PlanePoint{4, 2.5}, PlanePoint{3.5, 3}, PlanePoint{0.5, 3},
                                                  PlanePoint{0, 2.5}, PlanePoint{0, 0.5}));
  EXPECT_DOUBLE_EQ(signed_area(loop), 12 - 4 * 0.125);
}

TEST(Outline, OfNothingIsEmpty) { EXPECT_TRUE(trace(plane_of({"...", "..."})).empty()); }

}  // namespace
}  // namespace hepar
