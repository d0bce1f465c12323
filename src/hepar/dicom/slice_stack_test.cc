// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/slice_stack.h"

#include <gmock/gmock.h>

#include <cmath>

#include "hepar/core/error.h"

namespace hepar::dicom {
namespace {
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// An axial slice at z of 512 x 512 pixels of 0.7 mm.
SlicePlane axial(double z_mm) { return {{-180, -170, z_mm}, {1, 0, 0}, {0, 1, 0}, 0.7, 0.7, 512, 512}; }

std::vector<SlicePlane> axial_at(const std::vector<double>& z_mm) {
  std::vector<SlicePlane> planes;
  for (const double z : z_mm) planes.push_back(axial(z));
  return planes;
}

std::string refusal(const std::vector<SlicePlane>& planes) {
  try {
    stack_slices(planes, false);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    return error.what();
  }
  ADD_FAILURE() << "not refused";
  return "";
}

TEST(SliceStack, SortsAlongTheNormal) {
  const SliceStack stack = stack_slices(axial_at({10, 0, 5}), false);
  EXPECT_THAT(stack.order, ElementsAre(1, 2, 0));
  EXPECT_THAT(stack.offsets_mm, ElementsAre(0, 5, 10));
  const Geometry expected{{512, 512, 3}, {0.7, 0.7, 5}, {-180, -170, 0}, Mat3::identity()};
  EXPECT_EQ(stack.geometry, expected);
  EXPECT_FALSE(stack.resampled);
  EXPECT_THAT(stack.notes, IsEmpty());
}

TEST(SliceStack, CoronalSlicesAndUnequalPixels) {
  // Rows along +x, columns along -z: the normal x cross -z is +y.
  std::vector<SlicePlane> planes;
  for (const double y : {3.0, 1.0}) planes.push_back({{-10, y, 50}, {1, 0, 0}, {0, 0, -1}, 0.5, 0.8, 20, 30});
  const Geometry geometry = stack_slices(planes, false).geometry;
  const Geometry expected{
      {20, 30, 2}, {0.5, 0.8, 2}, {-10, 1, 50}, Mat3{{{{1, 0, 0}, {0, 0, 1}, {0, -1, 0}}}}};
  EXPECT_EQ(geometry, expected);
}

TEST(SliceStack, RoundedPositionsWithinOnePercentAreEven) {
  const SliceStack stack = stack_slices(axial_at({0, 1.004, 2, 3.003}), false);
  EXPECT_DOUBLE_EQ(stack.geometry.spacing_mm.z, 1.001);
}

TEST(SliceStack, StraySliceIsLeftOutAndSaidSo) {
  std::vector<SlicePlane> planes = axial_at({0, 5, 10});
  planes.insert(planes.begin(), SlicePlane{{0, 0, 0}, {0, 1, 0}, {0, 0, -1}, 0.7, 0.7, 512, 512});
  const SliceStack stack = stack_slices(planes, false);
  EXPECT_THAT(stack.order, ElementsAre(1, 2, 3));
  EXPECT_THAT(stack.notes, ElementsAre(AllOf(HasSubstr("1 sagittal slice"), HasSubstr("left out"))));
}

TEST(SliceStack, SliceOfAnotherSizeIsAStray) {
  std::vector<SlicePlane> planes = axial_at({0, 5, 10});
  planes[2].rows = 256;
  EXPECT_THAT(stack_slices(planes, false).order, ElementsAre(0, 1));
}

TEST(SliceStack, NoMajorityIsRefused) {
  std::vector<SlicePlane> planes = axial_at({0, 5, 10, 15});
  planes[2].rows = planes[3].rows = 256;
  EXPECT_THAT(refusal(planes), HasSubstr("none has the majority (largest group 2 of 4 slices)"));
}

TEST(SliceStack, DirectionsMaySpreadByOneInTenThousand) {
  std::vector<SlicePlane> planes = axial_at({0, 5, 10});
  planes[1].row_direction = {1, 0.9e-4, 0};
  EXPECT_EQ(stack_slices(planes, false).order.size(), 3U);
  planes[1].row_direction = {1, 1.1e-4, 0};
  EXPECT_THAT(stack_slices(planes, false).notes, ElementsAre(HasSubstr("1 axial slice")));
}

TEST(SliceStack, GantryTiltIsRefusedWithItsAngle) {
  // A shift of y by tan(15 degrees) per mm of z; then one of tan(0.05 degrees), which passes.
  std::vector<SlicePlane> planes = axial_at({0, 5, 10});
  for (auto& plane : planes) plane.position_mm.y += plane.position_mm.z * std::tan(15 * M_PI / 180);
  EXPECT_THAT(refusal(planes), HasSubstr("at 15.0 degrees"));
  planes = axial_at({0, 5, 10});
  for (auto& plane : planes) plane.position_mm.y += plane.position_mm.z * std::tan(0.05 * M_PI / 180);
  EXPECT_EQ(stack_slices(planes, false).order.size(), 3U);
}

TEST(SliceStack, SidewaysShiftIsRefused) {
  std::vector<SlicePlane> planes = axial_at({0, 5, 10});
  planes[1].position_mm.x += 0.5;
  EXPECT_THAT(refusal(planes), HasSubstr("by up to 0.50 mm"));
}

TEST(SliceStack, SkewedRowsAndColumnsAreRefused) {
  std::vector<SlicePlane> planes = axial_at({0, 5, 10});
  for (auto& plane : planes) plane.column_direction = {0.01, 1, 0};
  EXPECT_THAT(refusal(planes), HasSubstr("off by 0.01"));
}

TEST(SliceStack, DuplicatesArePaired) {
  const SliceStack stack = stack_slices(axial_at({0, 5, 5.001, 10}), false);
  EXPECT_THAT(stack.order, ElementsAre(0, 1, 3));
  EXPECT_THAT(stack.duplicates, ElementsAre(std::pair<std::size_t, std::size_t>{1, 2}));
}

TEST(SliceStack, MissingSlicesAreRefusedWithTheOption) {
  EXPECT_THAT(refusal(axial_at({0, 5, 10, 25, 30})),
              AllOf(HasSubstr("2 slices are missing"), HasSubstr("5 mm"), HasSubstr("15 mm"),
                    HasSubstr("--resample-irregular")));
}

TEST(SliceStack, UnevenSlicesAreRefusedWithBothDistancesAndTheOption) {
  EXPECT_THAT(refusal(axial_at({0, 8, 16, 22, 30})),
              AllOf(HasSubstr("between 6 mm and 8 mm"), HasSubstr("--resample-irregular")));
}

TEST(SliceStack, ResamplesToTheMostCommonDistance) {
  // 30 mm in steps of 8 mm: slices at 0, 8, 16, 24; the rest is less than a step.
  const SliceStack stack = stack_slices(axial_at({0, 8, 16, 22, 30}), true);
  EXPECT_TRUE(stack.resampled);
  EXPECT_EQ(stack.geometry.size.k, 4);
  EXPECT_DOUBLE_EQ(stack.geometry.spacing_mm.z, 8);
  EXPECT_THAT(stack.notes, ElementsAre(AllOf(HasSubstr("5 slices"), HasSubstr("4 slices 8 mm apart"))));
}

TEST(SliceStack, ResamplingFillsGaps) {
  const SliceStack stack = stack_slices(axial_at({0, 5, 10, 25, 30}), true);
  EXPECT_EQ(stack.geometry.size.k, 7);
  EXPECT_DOUBLE_EQ(stack.geometry.spacing_mm.z, 5);
}

TEST(SliceStack, OneSliceIsNoVolume) {
  EXPECT_THAT(refusal(axial_at({0})), HasSubstr("single slice"));
  EXPECT_THAT(refusal(axial_at({0, 0.001})), HasSubstr("single slice"));
}

TEST(SliceStack, PixelSpacingMustBePositive) {
  std::vector<SlicePlane> planes = axial_at({0, 5});
  for (auto& plane : planes) plane.column_spacing_mm = 0;
  EXPECT_THAT(refusal(planes), HasSubstr("spacing"));
}

}  // namespace
}  // namespace hepar::dicom
