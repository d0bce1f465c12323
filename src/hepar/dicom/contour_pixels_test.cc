// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/contour_pixels.h"

#include <gtest/gtest.h>

#include "hepar/imaging/test_planar_mask.h"

namespace hepar::dicom {
namespace {

constexpr std::int64_t kColumns = 12, kRows = 10;

// Around the pixels low to high - 1 of both axes, along their edges.
PlaneLoop box(double low_i, double high_i, double low_j, double high_j) {
  return {{low_i - 0.5, low_j - 0.5},
          {high_i - 0.5, low_j - 0.5},
          {high_i - 0.5, high_j - 0.5},
          {low_i - 0.5, high_j - 0.5}};
}

struct Result {
  std::vector<std::uint8_t> pixels;
  Combination combination;
};

Result combined(const std::vector<PlaneLoop>& loops) {
  Result result{std::vector<std::uint8_t>(kColumns * kRows), {}};
  std::vector<ContourPixels> contours;
  for (const PlaneLoop& loop : loops) contours.push_back(fill_contour(loop, kColumns, kRows));
  result.combination = combine_contours(std::move(contours), kColumns, result.pixels);
  return result;
}

std::vector<std::uint8_t> drawn(const std::vector<std::string_view>& rows) {
  PlanarMask mask = empty_mask(kColumns, kRows);
  for (std::size_t j = 0; j < rows.size(); ++j) {
    for (std::size_t i = 0; i < rows[j].size(); ++i)
      mask.pixels[i + j * static_cast<std::size_t>(kColumns)] = rows[j][i] == '#';
  }
  return mask.pixels;
}

TEST(CombineContours, HolesAndIslandsInAnyOrderAndOrientation) {
  const PlaneLoop outer = box(0, 7, 0, 7), hole = box(1, 6, 1, 6), island = box(3, 4, 3, 4);
  const auto expected = drawn({"#######", "#.....#", "#.....#", "#..#..#", "#.....#", "#.....#", "#######"});
  EXPECT_EQ(combined({outer, hole, island}).pixels, expected);
  EXPECT_EQ(combined({island, {hole.rbegin(), hole.rend()}, outer}).pixels, expected);
  const Result result = combined({hole, island, outer});
  EXPECT_EQ(result.pixels, expected);
  EXPECT_EQ(result.combination.joined_count, 0);
  EXPECT_EQ(result.combination.twice_count, 0);
  EXPECT_EQ(result.combination.hole_count, 1);  // the island is none
}

TEST(CombineContours, PartsAreJoined) {
  const Result result = combined({box(0, 4, 0, 3), box(2, 6, 1, 4)});
  EXPECT_EQ(result.pixels, drawn({"####", "######", "######", "..####"}));
  EXPECT_EQ(result.combination.joined_count, 2);
}

TEST(CombineContours, TheSameOneTwiceCountsOnce) {
  const Result result = combined({box(1, 3, 1, 3), box(1.01, 3.01, 1, 3), box(1, 3, 1, 3)});
  EXPECT_EQ(result.pixels, drawn({"", ".##", ".##"}));
  EXPECT_EQ(result.combination.twice_count, 2);
  // With a hole, twice as well.
  EXPECT_EQ(combined({box(0, 3, 0, 3), box(1, 2, 1, 2), box(0, 3, 0, 3), box(1, 2, 1, 2)}).pixels,
            drawn({"###", "#.#", "###"}));
}

TEST(CombineContours, NeighboursThatTouchAndFarOnes) {
  const Result result = combined({box(0, 2, 0, 2), box(2, 4, 0, 2), box(9, 12, 8, 10), box(2, 3, 2, 3)});
  EXPECT_EQ(result.pixels,
            drawn({"####", "####", "..#", "", "", "", "", "", ".........###", ".........###"}));
  EXPECT_EQ(result.combination.joined_count, 0);
}

TEST(CombineContours, HoleOfTwoJoinedContours) {
  // The small one lies within both of those that overlap: a hole in what they make together.
  EXPECT_EQ(combined({box(0, 5, 0, 3), box(1, 7, 0, 3), box(2, 4, 1, 2)}).pixels,
            drawn({"#######", "##..###", "#######"}));
}

TEST(CombineContours, IslandInTheHoleOfAKeyholedContour) {
  const std::vector<PlaneRegion> ring{{box(0, 5, 0, 5), {box(1, 4, 1, 4)}}};
  EXPECT_EQ(combined({keyhole_loop(ring[0]), box(2, 3, 2, 3)}).pixels,
            drawn({"#####", "#...#", "#.#.#", "#...#", "#####"}));
}

// A square ring whose channel lies along the centres of row 3, its two ways `width` pixels apart.
PlaneLoop ring_with_channel(double width) {
  const double y = 3 - width / 2;
  return {{-0.5, -0.5}, {8.5, -0.5}, {8.5, 6.5}, {-0.5, 6.5}, {-0.5, y + width}, {2.5, y + width},
          {2.5, 4.5},   {5.5, 4.5},  {5.5, 1.5}, {2.5, 1.5},  {2.5, y},          {-0.5, y}};
}

TEST(FillContour, NarrowChannelsAreClosed) {
  const auto ring =
      drawn({"#########", "#########", "###...###", "###...###", "###...###", "#########", "#########"});
  EXPECT_EQ(combined({ring_with_channel(0)}).pixels, ring);
  EXPECT_EQ(combined({ring_with_channel(0.001)}).pixels, ring);
  EXPECT_EQ(combined({ring_with_channel(-0.001)}).pixels, ring);  // the two ways cross over
  EXPECT_EQ(combined({ring_with_channel(0.04)}).pixels, ring);
  // A wide one is part of the drawing.
  EXPECT_EQ(
      combined({ring_with_channel(0.5)}).pixels,
      drawn({"#########", "#########", "###...###", "......###", "###...###", "#########", "#########"}));
}

// Columns 0.08 pixels apart are no channel, though both lie in one strip of two channel widths.
TEST(FillContour, WiderChannelsAreDrawnInAnyDirection) {
  PlaneLoop upright = ring_with_channel(0.08);
  for (PlanePoint& point : upright) point = {point.y, point.x};
  EXPECT_EQ(combined({upright}).pixels, drawn({"###.###", "###.###", "###.###", "##...##", "##...##",
                                               "##...##", "#######", "#######", "#######"}));
}

// The place of a channel's end is visited twice, by a point that follows on that of the other way.
TEST(FillContour, ThirdPointsHideNoChannel) {
  PlaneLoop loop = ring_with_channel(0.04);
  loop.insert(loop.begin() + 10, loop[5]);
  loop.insert(loop.begin() + 5, loop.back());
  const auto ring =
      drawn({"#########", "#########", "###...###", "###...###", "###...###", "#########", "#########"});
  EXPECT_EQ(combined({loop}).pixels, ring);
  EXPECT_EQ(combined({{loop.rbegin(), loop.rend()}}).pixels, ring);
}

TEST(FillContour, ManyPointsAtOnePlace) {
  PlaneLoop loop = box(1, 3, 1, 3);
  loop.insert(loop.begin(), 200000, loop.front());
  EXPECT_EQ(fill_contour(loop, kColumns, kRows).count, 4);
}

TEST(FillContour, NothingWithoutArea) {
  EXPECT_EQ(fill_contour({}, kColumns, kRows).count, 0);
  EXPECT_EQ(fill_contour({{1, 1}, {5, 5}}, kColumns, kRows).count, 0);
  EXPECT_EQ(fill_contour({{-9, 1}, {-5, 5}, {-5, 1}}, kColumns, kRows).count, 0);
  EXPECT_EQ(fill_contour({{2.1, 2.1}, {2.9, 2.1}, {2.9, 2.9}}, kColumns, kRows).count, 0);
}

}  // namespace
}  // namespace hepar::dicom
