// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/dicom/segmentation.h"

namespace hepar {
namespace {
using testing::AllOf;
using testing::HasSubstr;

// Frames of 5 x 3 pixels at these places along z, without a stated distance.
Segmentation frames_at(const std::vector<double>& z_mm) {
  Segmentation segmentation;
  segmentation.segments = {{1, "Liver", {}, {}}};
  segmentation.plane = {{5, 3, 1}, {0.7, 0.8, 1}, {-10, -20, z_mm.front()}, Mat3::identity()};
  for (const double z : z_mm) segmentation.frames.push_back({1, {-10, -20, z}, std::vector<std::uint8_t>(2)});
  return segmentation;
}

const Geometry kTwoSlices{{5, 3, 2}, {0.7, 0.8, 5}, {-10, -20, 30}, Mat3::identity()};

std::string refusal(ErrorCode code, const Segmentation& segmentation) {
  try {
    segmentation_grid(segmentation);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "not refused";
  return "";
}

TEST(SegmentationGrid, StatedSliceSpacingCounts) {
  Segmentation frames = frames_at({30, 35});
  frames.slice_spacing_mm = 2.5;  // one slice is missing between them
  EXPECT_EQ(segmentation_grid(frames).size.k, 3);
  frames.slice_spacing_mm = 5;
  EXPECT_FALSE(grid_difference(segmentation_grid(frames), kTwoSlices, 1e-9));
  frames.frames.resize(1);
  EXPECT_DOUBLE_EQ(segmentation_grid(frames).spacing_mm.z, 5);
}

TEST(SegmentationGrid, DistancesAreNotGuessed) {
  Segmentation frames = frames_at({30, 35});
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, frames),
              AllOf(HasSubstr("2 places, at least 5.000 mm apart"), HasSubstr("--reference")));
  frames.slice_spacing_mm = 2;  // no divisor of 5 mm
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, frames), HasSubstr("would be a guess"));
  frames.slice_thickness_mm = 2.5;
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, frames), HasSubstr("would be a guess"));
  frames.slice_thickness_mm = 5;
  EXPECT_FALSE(grid_difference(segmentation_grid(frames), kTwoSlices, 1e-9));
  frames = frames_at({30});
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, frames), HasSubstr("1 places"));
  frames.slice_thickness_mm = 3;
  EXPECT_DOUBLE_EQ(segmentation_grid(frames).spacing_mm.z, 3);
}

TEST(SegmentationGrid, UnevenOrShiftedFramesMakeNone) {
  Segmentation frames = frames_at({30, 35, 42});
  frames.slice_thickness_mm = 5;
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, frames), HasSubstr("would be a guess"));
  frames = frames_at({30, 35, 40});
  frames.slice_spacing_mm = 5;
  EXPECT_EQ(segmentation_grid(frames).size.k, 3);
  frames.frames[2].position_mm.y = -19;
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, frames), HasSubstr("1.00 mm in plane"));
}

TEST(SegmentationGrid, BeyondMeasureIsRefused) {
  Segmentation frames = frames_at({30, 35});
  frames.slice_spacing_mm = 5e-9;  // 1e9 slices of 15 pixels
  EXPECT_THAT(refusal(ErrorCode::kUnsupported, frames), HasSubstr("5 x 3 x 1000000001 voxels"));
}

}  // namespace
}  // namespace hepar
