// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/roi_masks.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "hepar/core/error.h"
#include "hepar/dicom/test_grids.h"

namespace hepar {
namespace {
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A rectangle around pixels of the small grid: 1 mm wide, the first one's centre at (100, 200).
RoiContour box(double low_i, double high_i, double low_j, double high_j, double z_mm,
               std::string image_uid = "") {
  const double x = 99.5, y = 199.5;
  return {{{x + low_i, y + low_j, z_mm},
           {x + high_i, y + low_j, z_mm},
           {x + high_i, y + high_j, z_mm},
           {x + low_i, y + high_j, z_mm}},
          std::move(image_uid)};
}

RoiMask mask_of(std::vector<RoiContour> contours, const CtGrid& ct = small_grid()) {
  StructureSet set;
  set.frame_of_reference_uid = ct.frame_of_reference_uid;
  return roi_mask(set, Roi{1, "Test", "", {}, std::move(contours)}, ct);
}

std::vector<std::int64_t> voxels_by_slice(const Mask& mask) {
  std::vector<std::int64_t> counts;
  const auto plane = static_cast<std::size_t>(mask.size().i * mask.size().j);
  for (std::size_t k = 0; k < static_cast<std::size_t>(mask.size().k); ++k) {
    const auto slice = mask.voxels().subspan(k * plane, plane);
    counts.push_back(std::count(slice.begin(), slice.end(), std::uint8_t{1}));
  }
  return counts;
}

TEST(RoiMask, ContoursBelongToTheNearestSlice) {
  // Slices at 300, 304, 308 and 312 mm.
  const RoiMask result = mask_of({box(0, 2, 0, 2, 300.4), box(0, 3, 0, 2, 303), box(0, 5, 0, 2, 313.9)});
  EXPECT_THAT(voxels_by_slice(result.mask), ElementsAre(4, 6, 0, 10));
  EXPECT_EQ((result.mask[{1, 1, 0}]), 1);
  EXPECT_EQ((result.mask[{2, 1, 0}]), 0);
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("no contour on 1 slices")));
}

// Drawn every millimetre on slices of 4 mm: shrinking boxes that would be rings of each other.
TEST(RoiMask, OfSeveralPlanesTheNearestCounts) {
  const RoiMask result = mask_of({box(0, 7, 0, 7, 299), box(0, 6, 0, 6, 300), box(0, 5, 0, 5, 301),
                                  box(0, 4, 0, 4, 303), box(0, 3, 0, 3, 305), box(1, 2, 1, 2, 303.04)});
  // Both planes beside 304 are as near: the lower one, with what lies within a twentieth of a millimetre.
  EXPECT_THAT(voxels_by_slice(result.mask), ElementsAre(36, 15, 0, 0));
  EXPECT_THAT(result.notes, ElementsAre(AllOf(HasSubstr("3 of 6"), HasSubstr("between the CT's slices")),
                                        AllOf(HasSubstr("1 of 6"), HasSubstr("as holes"))));
  EXPECT_FALSE(result.as_drawn);
}

TEST(RoiMask, EmptyUidsNameNothing) {
  CtGrid ct = small_grid();
  for (CtSlice& slice : ct.slices) slice.sop_instance_uid = "";
  const RoiMask result = mask_of({box(0, 2, 0, 2, 302.1), box(0, 2, 0, 2, 308)}, ct);
  EXPECT_THAT(voxels_by_slice(result.mask), ElementsAre(0, 4, 4, 0));
  EXPECT_THAT(result.notes, IsEmpty());
}

TEST(RoiMask, NoDrawingHasSoManyBoxes) {
  const CtGrid ct = grid_of({.size = {1024, 1024, 1}, .spacing_mm = {1, 1, 4}, .origin_mm = {100, 200, 300}});
  // 2^27 pixels are 128 boxes of the whole image.
  std::vector<RoiContour> contours(128, box(0, 1024, 0, 1024, 300));
  EXPECT_EQ(voxels_by_slice(mask_of(contours, ct).mask)[0], 1024 * 1024);
  contours.push_back(contours[0]);
  try {
    mask_of(contours, ct);
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("129 contours"), HasSubstr("134217728 pixels")));
  }
}

TEST(RoiMask, InDoubtTheNamedSlice) {
  EXPECT_THAT(voxels_by_slice(mask_of({box(0, 2, 0, 2, 302.1, "1.2.3.0")}).mask), ElementsAre(4, 0, 0, 0));
  EXPECT_THAT(voxels_by_slice(mask_of({box(0, 2, 0, 2, 302.1, "1.2.3.1")}).mask), ElementsAre(0, 4, 0, 0));
  EXPECT_THAT(mask_of({box(0, 2, 0, 2, 302.1, "1.2.3.0")}).notes, IsEmpty());
}

TEST(RoiMask, PositionWinsOverTheName) {
  const RoiMask result = mask_of({box(0, 2, 0, 2, 304, "1.2.3.3"), box(0, 2, 0, 2, 308, "9.9")});
  EXPECT_THAT(voxels_by_slice(result.mask), ElementsAre(0, 4, 4, 0));
  EXPECT_THAT(result.notes, ElementsAre(AllOf(HasSubstr("1 of 2"), HasSubstr("another slice")),
                                        AllOf(HasSubstr("1 of 2"), HasSubstr("not of this CT"))));
}

TEST(RoiMask, ContoursOffTheSlicesAndTiltedOnesAreNoted) {
  RoiContour tilted = box(0, 2, 0, 2, 304);
  tilted.points_mm[2].z = 306.5;
  RoiContour bent = box(4, 6, 4, 6, 304);
  bent.points_mm[2].z = 304.8;  // within half a slice distance
  RoiContour no_number = box(0, 2, 0, 2, 304);
  no_number.points_mm[1].y = std::numeric_limits<double>::quiet_NaN();
  RoiContour infinite = box(0, 2, 0, 2, 304);
  infinite.points_mm[1].x = std::numeric_limits<double>::infinity();
  const RoiMask result =
      mask_of({box(0, 2, 0, 2, 297), box(0, 2, 0, 2, 314.1), tilted, bent, no_number, infinite});
  EXPECT_THAT(voxels_by_slice(result.mask), ElementsAre(0, 4, 0, 0));
  EXPECT_THAT(result.notes, ElementsAre(AllOf(HasSubstr("2 of 6"), HasSubstr("half a slice distance")),
                                        AllOf(HasSubstr("3 of 6"), HasSubstr("tilted")),
                                        AllOf(HasSubstr("1 of 6"), HasSubstr("flattened"))));
  EXPECT_FALSE(result.as_drawn);
}

TEST(RoiMask, PartsBeyondTheImageAreCut) {
  const RoiMask result =
      mask_of({box(-5, 2, 6, 90, 300), box(0.6, 0.9, 0.6, 0.9, 304), box(0, 10, 0, 8, 308)});
  EXPECT_THAT(voxels_by_slice(result.mask), ElementsAre(4, 0, 80, 0));
  EXPECT_THAT(result.notes, ElementsAre(AllOf(HasSubstr("1 of 3"), HasSubstr("beyond the image")),
                                        AllOf(HasSubstr("1 of 3"), HasSubstr("no voxel's centre"))));
}

TEST(RoiMask, HolesIslandsOverlapsAndCopies) {
  const RoiMask result =
      mask_of({box(2, 3, 2, 3, 300), box(0, 5, 0, 5, 300), box(1, 4, 1, 4, 300), box(0, 3, 0, 3, 304),
               box(2, 5, 2, 5, 304), box(6, 8, 0, 2, 308), box(6, 8, 0, 2, 308)});
  // 25 - 9 + 1; 9 + 9 - 1; 4 once.
  EXPECT_THAT(voxels_by_slice(result.mask), ElementsAre(17, 17, 4, 0));
  EXPECT_THAT(result.notes, ElementsAre(AllOf(HasSubstr("1 of 7"), HasSubstr("counted once")),
                                        AllOf(HasSubstr("2 of 7"), HasSubstr("joined")),
                                        AllOf(HasSubstr("1 of 7"), HasSubstr("as holes"))));
}

TEST(RoiMask, ClosedByRepeatingTheFirstPoint) {
  RoiContour closed = box(0, 3, 0, 3, 300);
  closed.points_mm.push_back(closed.points_mm.front());
  closed.points_mm.insert(closed.points_mm.begin() + 1, closed.points_mm[1]);
  EXPECT_THAT(voxels_by_slice(mask_of({closed}).mask), ElementsAre(9, 0, 0, 0));
}

TEST(RoiMask, NothingOnTheCt) {
  EXPECT_THAT(refusal([] {
                mask_of({box(0, 2, 0, 2, 0), box(0, 2, 0, 2, 900), box(50, 60, 0, 2, 300)});
              }),
              AllOf(HasSubstr("none of the 3 contours"), HasSubstr("2 off its slices"),
                    HasSubstr("1 beside the image")));
  RoiContour without_points;
  EXPECT_THAT(refusal([&] { mask_of({without_points}); }), HasSubstr("none of the 1"));
}

TEST(RoiMask, RoiWithoutContours) {
  const RoiMask result = mask_of({});
  EXPECT_THAT(voxels_by_slice(result.mask), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(result.notes, ElementsAre(HasSubstr("no contours")));
}

TEST(RoiMask, FrameOfReference) {
  const CtGrid ct = small_grid();
  const Roi roi{1, "Test", "", {}, {box(0, 2, 0, 2, 300)}};
  StructureSet set;
  set.frame_of_reference_uid = "1.2.8";
  EXPECT_THAT(refusal([&] { roi_mask(set, roi, ct); }), HasSubstr("frame of reference"));
  set.frame_of_reference_uid = ct.frame_of_reference_uid;
  EXPECT_EQ(voxels_by_slice(roi_mask(set, roi, ct).mask)[0], 4);
  Roi elsewhere = roi;
  elsewhere.frame_of_reference_uid = "1.2.8";
  EXPECT_THAT(refusal([&] { roi_mask(set, elsewhere, ct); }), HasSubstr("frame of reference"));
}

// What proves that a set without comparable frame of reference was drawn on this CT.
TEST(RoiMask, SaysWhenNothingProvesTheCt) {
  const CtGrid ct = small_grid();
  const auto notes = [](const StructureSet& set, const CtGrid& on, const std::string& image = "") {
    const Roi roi{1, "Test", "", {}, {box(0, 2, 0, 2, 300, image), box(0, 2, 0, 2, 304)}};
    const RoiMask result = roi_mask(set, roi, on);
    EXPECT_EQ(voxels_by_slice(result.mask)[0], 4);
    return result.notes;
  };
  EXPECT_THAT(notes({}, ct), ElementsAre(AllOf(HasSubstr("the structure set doesn't say its frame"),
                                               HasSubstr("nothing proves"))));
  StructureSet set;
  set.series_uid = "1.2.3";
  EXPECT_THAT(notes(set, ct), IsEmpty());
  set.series_uid = "1.2.4";
  EXPECT_THAT(notes(set, ct), ElementsAre(HasSubstr("nothing proves")));
  EXPECT_THAT(notes({}, ct, "1.2.3.0"), IsEmpty());
  for (const char* frame : {"", "abc"}) {
    CtGrid without = ct;
    without.frame_of_reference_uid = frame;
    set.frame_of_reference_uid = "1.2.9";
    EXPECT_THAT(notes(set, without), ElementsAre(HasSubstr("the CT doesn't say its frame of reference")));
    set.frame_of_reference_uid = frame_of_reference_for(without);
    set.series_uid = "";
    EXPECT_THAT(notes(set, without), IsEmpty());
  }
  CtGrid no_series = ct;
  no_series.frame_of_reference_uid = no_series.series_uid = no_series.study_uid = "";
  for (CtSlice& slice : no_series.slices) slice.sop_instance_uid = "";
  EXPECT_THAT(notes({}, no_series), ElementsAre(HasSubstr("nothing proves")));
}

TEST(RoiMask, SaysThatItWasDrawnOnAnotherSeries) {
  const CtGrid ct = small_grid();
  StructureSet set;
  set.frame_of_reference_uid = ct.frame_of_reference_uid;
  set.series_uid = "1.2.4";
  const Roi roi{1, "Test", "", {}, {box(0, 2, 0, 2, 300)}};
  EXPECT_THAT(roi_mask(set, roi, ct).notes, ElementsAre(HasSubstr("another series of the same frame")));
  set.series_uid = ct.series_uid;
  EXPECT_THAT(roi_mask(set, roi, ct).notes, IsEmpty());
}

// Slices read at 300, 304 and 312 mm, shown at 300, 304, 308 and 312 mm: the third lies as near to 304 as to
// 312, and the nearer to the first of two equals counts.
TEST(RoiMask, ResampledCtShowsTheNearestSlice) {
  CtGrid ct = small_grid();
  ct.resampled = true;
  ct.slices.erase(ct.slices.begin() + 2);
  const RoiMask result = mask_of({box(0, 1, 0, 1, 300), box(0, 2, 0, 1, 304), box(0, 3, 0, 1, 312)}, ct);
  EXPECT_THAT(voxels_by_slice(result.mask), ElementsAre(1, 2, 2, 3));
}

}  // namespace
}  // namespace hepar
