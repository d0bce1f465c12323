// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/slice_panel.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"
#include "hepar/figures/test_case.h"

namespace hepar {
namespace {

TestCase with_tumour() {
  TestCase c = TestCase::liver_only();
  fill(c.before, kLeftBox, kTumour);
  return c;
}

TEST(SlicePanel, HoldsTheSliceThroughThePlace) {
  const TestCase c = with_tumour();
  // Slice 4 lies at z = 300 + 4 * 5 mm and is the first that holds the tumour.
  const SlicePanel panel = make_slice_panel(c.ct, {&c.before, &c.after, nullptr}, {0, 0, 321}, std::nullopt);
  EXPECT_EQ(panel.sub_caption, "z 320.0 mm, slice 5 of 12 from the feet");
  EXPECT_EQ(panel.ct.width, 100);
  EXPECT_EQ(panel.pixel_width_mm, 2);
  EXPECT_EQ(panel.before.at(60, 30), kTumour);
  EXPECT_EQ(panel.before.at(59, 30), kLiver);
  EXPECT_EQ(panel.after->at(60, 30), kLiver);
  EXPECT_FALSE(panel.reference.has_value());
  EXPECT_FALSE(panel.mark.has_value());
}

TEST(SlicePanel, TakesTheNearestSliceBeyondTheVolume) {
  const TestCase c = with_tumour();
  const SliceLabels labels{&c.before, nullptr, nullptr};
  EXPECT_EQ(make_slice_panel(c.ct, labels, {0, 0, 900}, {}).sub_caption,
            "z 355.0 mm, slice 12 of 12 from the feet");
  EXPECT_EQ(make_slice_panel(c.ct, labels, {0, 0, -900}, {}).sub_caption,
            "z 300.0 mm, slice 1 of 12 from the feet");
}

TEST(SlicePanel, PutsThePlaceInTheMiddleOfTheView) {
  // Index (72, 42) is at (145, 85) mm of the plane, whose corner is half a pixel before index 0.
  const TestCase c = with_tumour();
  const SlicePanel panel = make_slice_panel(c.ct, {&c.before, nullptr, nullptr}, kLeftCentre, 25.0, 80);
  EXPECT_DOUBLE_EQ(panel.mark->x_mm, 145);
  EXPECT_DOUBLE_EQ(panel.mark->y_mm, 85);
  EXPECT_EQ(panel.mark->radius_mm, 25);
  EXPECT_DOUBLE_EQ(panel.view.left_mm, 105);
  EXPECT_DOUBLE_EQ(panel.view.top_mm, 45);
  EXPECT_DOUBLE_EQ(panel.view.width_mm, 80);
  EXPECT_DOUBLE_EQ(panel.view.height_mm, 80);
}

TEST(SlicePanel, MovesTheViewIntoThePlaneAndCutsIt) {
  const TestCase c = with_tumour();
  const SliceLabels labels{&c.before, nullptr, nullptr};
  const PlaneView moved = make_slice_panel(c.ct, labels, kLeftCentre, {}, 160).view;
  EXPECT_DOUBLE_EQ(moved.left_mm, 40);  // 145 + 80 would be beyond the 200 mm
  EXPECT_DOUBLE_EQ(moved.top_mm, 5);
  const PlaneView cut = make_slice_panel(c.ct, labels, kLeftCentre, {}, 500).view;
  EXPECT_DOUBLE_EQ(cut.left_mm, 0);
  EXPECT_DOUBLE_EQ(cut.width_mm, 200);
}

TEST(SlicePanel, IsTheSameForAnyOrderOfTheVoxelAxes) {
  const TestCase c = with_tumour();
  const SlicePanel upright = make_slice_panel(c.ct, {&c.before, &c.after, nullptr}, kLeftCentre, 25.0);
  for (const char* orientation : {"RAS", "SPL", "AIR"}) {
    const TestCase t = c.turned(orientation);
    const SlicePanel panel = make_slice_panel(t.ct, {&t.before, &t.after, nullptr}, kLeftCentre, 25.0);
    EXPECT_EQ(panel.before.pixels, upright.before.pixels) << orientation;
    EXPECT_NEAR(panel.view.left_mm, upright.view.left_mm, 1e-9);
    EXPECT_EQ(panel.sub_caption, upright.sub_caption);
  }
}

TEST(SlicePanel, RefusesMapsOfAnotherGrid) {
  const TestCase c = with_tumour();
  Geometry other = c.ct.geometry();
  other.size.k = 11;
  const LabelMap wrong(other);
  for (const SliceLabels& labels :
       {SliceLabels{&wrong, nullptr, nullptr}, {&c.before, &wrong, nullptr}, {&c.before, nullptr, &wrong}}) {
    try {
      make_slice_panel(c.ct, labels, kLeftCentre, {});
      FAIL() << "no error";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kInvalidInput);
    }
  }
}

}  // namespace
}  // namespace hepar
