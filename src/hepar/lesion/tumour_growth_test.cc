// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/tumour_growth.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "hepar/lesion/test_case.h"

namespace hepar {
namespace {

LabelMap liver_map(Int3 size, Vec3 spacing_mm) {
  return LabelMap(testing_case::grid(size, spacing_mm), kLiver);
}

void fill(LabelMap& labels, const Box3& box, std::uint8_t value) {
  for (std::int64_t k = box.low.k; k < box.high.k; ++k)
    for (std::int64_t j = box.low.j; j < box.high.j; ++j)
      for (std::int64_t i = box.low.i; i < box.high.i; ++i) labels[{i, j, k}] = value;
}

std::int64_t count(const Volume<std::uint8_t>& map, std::uint8_t value) {
  return std::count(map.voxels().begin(), map.voxels().end(), value);
}

LesionFilterOptions radii(double close_mm, double open_mm, double expand_mm) {
  LesionFilterOptions options;
  options.close_mm = close_mm, options.open_mm = open_mm, options.expand_mm = expand_mm;
  return options;
}

TEST(GrowTumour, ExpandsByMillimetresAlongEachAxis) {
  // Within 2 mm on a grid of 1 x 1 x 2 mm: 13 voxels of the slice (i^2 + j^2 <= 4) and one above and below.
  LabelMap labels = liver_map({9, 9, 5}, {1, 1, 2});
  labels[{4, 4, 2}] = kTumour;
  const TumourGrowth growth = grow_tumour(labels, radii(0, 0, 2), true);
  EXPECT_EQ(count(labels, kTumour), 15);
  EXPECT_EQ(growth.added_voxels, 14);
  EXPECT_EQ((labels[{6, 4, 2}]), kTumour);
  EXPECT_EQ((labels[{4, 4, 3}]), kTumour);
  EXPECT_EQ((labels[{5, 4, 3}]), kLiver);
  EXPECT_TRUE(growth.opened.voxels().empty());
}

TEST(GrowTumour, NeverTakesCysts) {
  LabelMap labels = liver_map({9, 9, 5}, {1, 1, 2});
  labels[{4, 4, 2}] = kTumour;
  fill(labels, {{5, 0, 0}, {9, 9, 5}}, kCyst);
  const std::int64_t cysts = count(labels, kCyst);
  // Of the 14 voxels that 2 mm gain, 4 lie at i = 5 or 6: (5, 3..5) and (6, 4).
  EXPECT_EQ(grow_tumour(labels, radii(0, 0, 2), true).added_voxels, 10);
  EXPECT_EQ(count(labels, kCyst), cysts);
}

TEST(GrowTumour, GrowsIntoBackgroundUnlessTold) {
  const auto half_background = [] {
    LabelMap labels = liver_map({9, 9, 5}, {1, 1, 2});
    fill(labels, {{5, 0, 0}, {9, 9, 5}}, kBackground);
    labels[{4, 4, 2}] = kTumour;
    return labels;
  };
  LabelMap anywhere = half_background(), in_liver = half_background();
  LesionFilterOptions options = radii(0, 0, 2);
  EXPECT_EQ(grow_tumour(anywhere, options, true).added_voxels, 14);
  options.grow_in_liver_only = true;
  EXPECT_EQ(grow_tumour(in_liver, options, true).added_voxels, 10);  // as beside the cyst
  EXPECT_EQ(count(in_liver, kBackground), 4 * 9 * 5);
}

// Two blocks of 4 x 10 x 5 voxels, one voxel apart (i = 8), with a cyst and background in the gap.
LabelMap two_blocks() {
  LabelMap labels = liver_map({17, 18, 5}, {1, 1, 2});
  fill(labels, {{4, 4, 0}, {8, 14, 5}}, kTumour);
  fill(labels, {{9, 4, 0}, {13, 14, 5}}, kTumour);
  labels[{8, 8, 2}] = kCyst;
  labels[{8, 9, 2}] = kBackground;
  return labels;
}

TEST(GrowTumour, ClosesGapsButNotOverCysts) {
  // Closing by 1 mm: the dilated blocks meet in the whole gap, j = 4 .. 13, and erosion keeps what has its
  // four neighbours in the slice: the gap's ends lack those at j = 3 and 14. Slices are 2 mm apart, out of
  // reach. That leaves 8 voxels of each slice, less the one cyst voxel.
  LabelMap labels = two_blocks();
  const TumourGrowth growth = grow_tumour(labels, radii(1, 0, 0), true);
  EXPECT_EQ(growth.added_voxels, 5 * 8 - 1);
  EXPECT_EQ((labels[{8, 8, 2}]), kCyst);
  EXPECT_EQ((labels[{8, 9, 2}]), kTumour);
  EXPECT_EQ((labels[{8, 5, 0}]), kTumour);
  EXPECT_EQ((labels[{8, 4, 0}]), kLiver);
}

TEST(GrowTumour, ClosesInLiverOnlyWhenTold) {
  LabelMap labels = two_blocks();
  LesionFilterOptions options = radii(1, 0, 0);
  options.grow_in_liver_only = true;
  EXPECT_EQ(grow_tumour(labels, options, true).added_voxels, 5 * 8 - 2);
  EXPECT_EQ((labels[{8, 9, 2}]), kBackground);
}

// A block of 5 x 5 x 3 voxels with a whisker of 4 voxels on the middle of its side.
LabelMap whiskered_block() {
  LabelMap labels = liver_map({15, 11, 7}, {1, 1, 2});
  fill(labels, {{3, 3, 2}, {8, 8, 5}}, kTumour);
  fill(labels, {{8, 5, 3}, {12, 6, 4}}, kTumour);
  return labels;
}

TEST(GrowTumour, OpensByMillimetresAndTellsWhatItTook) {
  // A ball of 1 mm is a cross of 5 voxels in the slice. It fits around the inner 3 x 3 of each slice and
  // around (7, 5, 3), whose neighbour is the whisker's first voxel. So what remains is all but the 4 corners
  // of each slice and the whisker's last 3 voxels: 4 * 3 + 3 are taken.
  LabelMap labels = whiskered_block();
  const TumourGrowth growth = grow_tumour(labels, radii(0, 1, 0), true);
  EXPECT_EQ(growth.added_voxels, 0);
  EXPECT_EQ(count(growth.opened, 1), 15);
  EXPECT_EQ(count(labels, kTumour), 75 + 4 - 15);
  for (const Int3 taken : {Int3{3, 3, 2}, Int3{7, 7, 4}, Int3{9, 5, 3}, Int3{11, 5, 3}}) {
    EXPECT_EQ(growth.opened[taken], 1);
    EXPECT_EQ(labels[taken], kLiver);
  }
  EXPECT_EQ((labels[{8, 5, 3}]), kTumour);
}

TEST(GrowTumour, FreesToBackgroundWithoutLiver) {
  LabelMap labels = whiskered_block();
  std::replace(labels.voxels().begin(), labels.voxels().end(), kLiver, kBackground);
  EXPECT_EQ(count(grow_tumour(labels, radii(0, 1, 0), false).opened, 1), 15);
  EXPECT_EQ((labels[{11, 5, 3}]), kBackground);
  EXPECT_EQ(count(labels, kLiver), 0);
}

TEST(GrowTumour, ExpansionWinsBackWhatTheOpeningTook) {
  // 1 mm more takes the 12 corners back (each has a neighbour that stayed) and (9, 5, 3) beside (8, 5, 3).
  // New are 3 voxels on each side of each slice, as the corners themselves do not grow; of them (8, 5, 3) was
  // tumour already.
  LabelMap labels = whiskered_block();
  const TumourGrowth growth = grow_tumour(labels, radii(0, 1, 1), true);
  EXPECT_EQ(count(growth.opened, 1), 2);
  EXPECT_EQ((growth.opened[{10, 5, 3}]), 1);
  EXPECT_EQ((growth.opened[{11, 5, 3}]), 1);
  EXPECT_EQ((labels[{3, 3, 2}]), kTumour);
  EXPECT_EQ((labels[{9, 5, 3}]), kTumour);
  EXPECT_EQ(growth.added_voxels, 3 * 4 * 3 - 1);
  EXPECT_EQ(count(labels, kTumour), 79 - 2 + growth.added_voxels);
}

TEST(GrowTumour, ClosesBeforeItOpens) {
  // A plate 1 mm thick beside another, 1 mm apart: alone each would be opened away; closed first they are
  // one of 3 mm, and only its ends go.
  LabelMap labels = liver_map({13, 17, 1}, {1, 1, 2});
  fill(labels, {{5, 3, 0}, {6, 14, 1}}, kTumour);
  fill(labels, {{7, 3, 0}, {8, 14, 1}}, kTumour);
  LabelMap opened_only = labels;
  EXPECT_EQ(count(grow_tumour(opened_only, radii(0, 1, 0), true).opened, 1), 22);
  grow_tumour(labels, radii(1, 1, 0), true);
  EXPECT_EQ((labels[{6, 8, 0}]), kTumour);
  EXPECT_EQ((labels[{5, 8, 0}]), kTumour);
}

}  // namespace
}  // namespace hepar
