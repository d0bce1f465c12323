// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/roi_masks.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"
#include "hepar/imaging/test_planar_mask.h"

namespace hepar {
namespace {
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

CtGrid grid_of(const Geometry& geometry) {
  CtGrid ct{geometry, {}, false, "1.2.3", "1.2", "1.2.9", {}};
  for (std::int64_t k = 0; k < geometry.size.k; ++k) {
    ct.slices.push_back({fmt::format("1.2.3.{}", k), geometry.world_from_index(to_vec({0, 0, k})), {}});
  }
  return ct;
}

CtGrid small_grid() {
  return grid_of({.size = {10, 8, 4}, .spacing_mm = {1, 1, 4}, .origin_mm = {100, 200, 300}});
}

RoiStyle style_of(std::string name, std::vector<std::uint8_t> labels, std::string type = "",
                  Rgb colour = {}) {
  return {std::move(name), std::move(labels), std::move(type), colour, {}, {}};
}

DicomProfile profile_of(std::vector<RoiStyle> rois) { return DicomProfile{.rois = std::move(rois)}; }

DicomProfile test_profile() {
  return profile_of({style_of("Liver", {1, 2, 3}, "ORGAN", {255, 0, 0}),
                     style_of("GTV", {2}, "GTV", {0, 255, 0}), style_of("Cyst", {3}),
                     style_of("Liver-GTV", {1, 3})});
}

template <class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    return error.what();
  }
  ADD_FAILURE() << "not refused";
  return "";
}

// Coordinates as they are written.
void round_points(StructureSet& set) {
  for (Roi& roi : set.rois) {
    for (RoiContour& contour : roi.contours) {
      for (Vec3& point : contour.points_mm) {
        for (int axis = 0; axis < 3; ++axis) point[axis] = std::round(point[axis] * 1000) / 1000;
      }
    }
  }
}

std::int64_t differing_voxels(const LabelMap& labels, const RoiStyle& style, const Mask& mask) {
  std::int64_t count = 0;
  for (std::size_t n = 0; n < labels.voxels().size(); ++n) {
    const std::uint8_t label = labels.voxels()[n];
    const bool inside = std::find(style.labels.begin(), style.labels.end(), label) != style.labels.end();
    count += inside != (mask.voxels()[n] != 0);
  }
  return count;
}

// Of all ROIs after contours, rounding and back; ROIs without voxels must be missing.
std::int64_t round_trip_difference(const LabelMap& labels, const CtGrid& ct, const DicomProfile& profile) {
  StructureSet set = contour_labels(labels, ct, profile);
  round_points(set);
  std::int64_t count = 0;
  for (const RoiStyle& style : profile.rois) {
    const auto roi = std::find_if(set.rois.begin(), set.rois.end(),
                                  [&](const Roi& one) { return one.name == style.name; });
    if (roi == set.rois.end()) {
      count += differing_voxels(labels, style, Mask(ct.geometry));
      continue;
    }
    const RoiMask drawn = roi_mask(set, *roi, ct);
    EXPECT_TRUE(drawn.as_drawn) << testing::PrintToString(drawn.notes);
    EXPECT_TRUE(drawn.hole_count == 0 || profile.hole_mode == HoleMode::kSeparate);
    count += differing_voxels(labels, style, drawn.mask);
  }
  return count;
}

Mat3 random_direction(Random& random) {
  Mat3 m;
  for (int axis = 0; axis < 3; ++axis)
    m.set_column(axis, {random.normal(), random.normal(), random.normal()});
  Mat3 direction = nearest_orthonormal(m);
  if (direction.determinant() < 0) direction.set_column(2, -1 * direction.column(2));
  return direction;
}

LabelMap random_labels(std::uint64_t number, const Geometry& geometry) {
  LabelMap labels(geometry);
  const Int3 size = geometry.size;
  for (std::int64_t k = 0; k < size.k; ++k) {
    const std::uint64_t seed = number + 1000 * static_cast<std::uint64_t>(k);
    PlanarMask liver = random_mask(seed, size.i, size.j), inner = random_mask(seed + 1, size.i, size.j);
    PlanarMask outer = random_mask(seed + 2, size.i, size.j);
    for (std::int64_t j = 0; j < size.j; ++j) {
      for (std::int64_t i = 0; i < size.i; ++i) {
        const std::uint8_t in_liver = inner.at(i, j) != 0 ? kTumour : kLiver;
        const std::uint8_t beside = outer.at(i, j) != 0 ? kCyst : kBackground;
        labels[{i, j, k}] = liver.at(i, j) != 0 ? in_liver : beside;
      }
    }
  }
  return labels;
}

// 200 label maps on oblique grids of slices from 0.5 to 10 mm, each in both styles and hole modes, and
// simplified by nothing, 0.2 and 1 mm.
TEST(ContourLabels, RandomLabelMapsComeBack) {
  const double thicknesses_mm[] = {0.5, 1.25, 3, 5, 10};
  DicomProfile profile = test_profile();
  for (std::uint64_t number = 0; number < 200; ++number) {
    Random random(number + 77);
    Geometry geometry{
        .size = {random.integer(1, 32), random.integer(1, 32), random.integer(1, 3)},
        .spacing_mm = {random.uniform(0.4, 1.2), random.uniform(0.4, 1.2), thicknesses_mm[number % 5]},
        .origin_mm = {random.uniform(-400, 400), random.uniform(-400, 400), random.uniform(-1500, 500)},
        .direction = number % 3 == 0 ? Mat3::identity() : random_direction(random)};
    const LabelMap labels = random_labels(number, geometry);
    const CtGrid ct = grid_of(geometry);
    for (const ContourStyle style : {ContourStyle::kHalfLevel, ContourStyle::kPixelEdges}) {
      for (const HoleMode mode : {HoleMode::kKeyhole, HoleMode::kSeparate}) {
        for (const double simplify_mm : {0.0, 0.2, 1.0}) {
          profile.contour_style = style;
          profile.hole_mode = mode;
          profile.simplify_mm = simplify_mm;
          ASSERT_EQ(round_trip_difference(labels, ct, profile), 0) << number << ' ' << simplify_mm;
        }
      }
    }
  }
}

TEST(ContourLabels, PointsLieOnTheSlicesOwnPlace) {
  Geometry geometry{.size = {4, 3, 2}, .spacing_mm = {2, 3, 5}, .origin_mm = {10, 20, 30}};
  geometry.direction.set_column(0, {0, 1, 0});  // rows along y, columns along z, slices along x
  geometry.direction.set_column(1, {0, 0, 1});
  geometry.direction.set_column(2, {1, 0, 0});
  CtGrid ct = grid_of(geometry);
  ct.slices[1].position_mm = {15.002, 20.1, 29.9};
  LabelMap labels(geometry);
  labels[{2, 1, 1}] = kTumour;
  DicomProfile profile = test_profile();
  profile.contour_style = ContourStyle::kPixelEdges;
  const StructureSet set = contour_labels(labels, ct, profile);
  ASSERT_EQ(set.rois.size(), 2U);
  EXPECT_EQ(set.rois[0].name, "Liver");
  EXPECT_EQ(set.rois[1].name, "GTV");
  EXPECT_EQ(set.rois[1].number, 2);
  EXPECT_EQ(set.rois[1].interpreted_type, "GTV");
  EXPECT_EQ(set.rois[1].colour, (Rgb{0, 255, 0}));
  EXPECT_EQ(set.series_uid, "1.2.3");
  EXPECT_EQ(set.frame_of_reference_uid, "1.2.9");
  EXPECT_THAT(set.notes,
              ElementsAre(AllOf(HasSubstr("'Cyst'"), HasSubstr("no voxels")), HasSubstr("'Liver-GTV'")));
  ASSERT_EQ(set.rois[1].contours.size(), 1U);
  const RoiContour& contour = set.rois[1].contours[0];
  EXPECT_EQ(contour.image_uid, "1.2.3.1");
  // Pixel edges at i = 1.5 and 2.5, j = 0.5 and 1.5: y = 20.1 + 2 i, z = 29.9 + 3 j.
  const std::vector<Vec3> expected{
      {15.002, 23.1, 31.4}, {15.002, 25.1, 31.4}, {15.002, 25.1, 34.4}, {15.002, 23.1, 34.4}};
  ASSERT_EQ(contour.points_mm.size(), 4U);
  for (std::size_t n = 0; n < 4; ++n) EXPECT_LT((contour.points_mm[n] - expected[n]).norm(), 1e-9);
}

TEST(ContourLabels, EmptyRoisOnRequest) {
  DicomProfile profile = test_profile();
  profile.write_empty_rois = true;
  const StructureSet set = contour_labels(LabelMap(small_grid().geometry), small_grid(), profile);
  EXPECT_EQ(set.rois.size(), 4U);
  EXPECT_THAT(set.notes, IsEmpty());
  EXPECT_THAT(set.rois[0].contours, IsEmpty());
}

TEST(ContourLabels, BackgroundBelongsToNoRoi) {
  const CtGrid ct = small_grid();
  EXPECT_THAT(refusal([&] {
                contour_labels(LabelMap(ct.geometry), ct, profile_of({style_of("All", {0, 1})}));
              }),
              AllOf(HasSubstr("'All'"), HasSubstr("label 0")));
}

TEST(ContourLabels, LabelsWithoutRoiAreNoted) {
  const CtGrid ct = small_grid();
  LabelMap labels(ct.geometry);
  labels[{1, 1, 1}] = 1;
  labels[{2, 1, 1}] = 4;
  labels[{2, 1, 2}] = 7;
  EXPECT_THAT(contour_labels(labels, ct, profile_of({style_of("Liver", {1, 2})})).notes,
              ElementsAre(HasSubstr("label 4, 7,")));
  EXPECT_EQ(labels_without_roi(labels, profile_of({style_of("All", {1, 4, 7})})), "");
}

TEST(ContourLabels, FrameOfReferenceIsAlwaysAValidOne) {
  CtGrid ct = small_grid();
  for (const char* frame : {"", "abc"}) {
    ct.frame_of_reference_uid = frame;
    LabelMap labels(ct.geometry);
    labels[{1, 1, 1}] = 1;
    const StructureSet set = contour_labels(labels, ct, test_profile());
    EXPECT_EQ(set.frame_of_reference_uid, frame_of_reference_for(ct)) << frame;
    EXPECT_THAT(roi_mask(set, set.rois[0], ct).notes, IsEmpty());
  }
}

LabelMap disc(const CtGrid& ct, double radius) {
  LabelMap labels(ct.geometry);
  for (std::int64_t j = 0; j < labels.size().j; ++j) {
    for (std::int64_t i = 0; i < labels.size().i; ++i)
      labels[{i, j, 0}] = std::hypot(static_cast<double>(i) - 50, static_cast<double>(j) - 50) < radius;
  }
  return labels;
}

TEST(ContourLabels, PointLimit) {
  const CtGrid ct = grid_of({.size = {100, 100, 2}, .spacing_mm = {0.7, 0.7, 2}});
  const LabelMap labels = disc(ct, 45);
  DicomProfile profile = profile_of({style_of("Liver", {1})});
  const std::size_t all = contour_labels(labels, ct, profile).rois[0].contours[0].points_mm.size();
  profile.point_limit = 80;
  ASSERT_GT(all, 80U);
  EXPECT_LE(contour_labels(labels, ct, profile).rois[0].contours[0].points_mm.size(), 80U);
  EXPECT_EQ(round_trip_difference(labels, ct, profile), 0);
  profile.point_limit = 4;  // a convex outline with as many directions as a disc's can't be a quadrilateral
  EXPECT_THAT(refusal([&] { contour_labels(labels, ct, profile); }),
              AllOf(HasSubstr("'Liver'"), HasSubstr("slice 1 of 2"), HasSubstr("limit of 4")));
}

TEST(ContourLabels, RefusesOtherGrids) {
  const CtGrid ct = small_grid();
  Geometry other = ct.geometry;
  other.origin_mm.x += 1;
  EXPECT_THAT(refusal([&] { contour_labels(LabelMap(other), ct, test_profile()); }),
              HasSubstr("another grid"));
  CtGrid resampled = ct;
  resampled.resampled = true;
  EXPECT_THAT(refusal([&] { contour_labels(LabelMap(ct.geometry), resampled, test_profile()); }),
              HasSubstr("interpolated"));
}

TEST(ContourLabels, SameForAnyNumberOfThreads) {
  const CtGrid ct = grid_of({.size = {30, 30, 9}, .spacing_mm = {0.7, 0.7, 2}});
  const LabelMap labels = random_labels(5, ct.geometry);
  const int before = thread_count();
  std::vector<StructureSet> sets;
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    sets.push_back(contour_labels(labels, ct, test_profile()));
  }
  set_thread_count(before);
  ASSERT_EQ(sets[0].rois.size(), sets[1].rois.size());
  for (std::size_t n = 0; n < sets[0].rois.size(); ++n) {
    ASSERT_EQ(sets[0].rois[n].contours.size(), sets[1].rois[n].contours.size());
    for (std::size_t c = 0; c < sets[0].rois[n].contours.size(); ++c)
      ASSERT_EQ(sets[0].rois[n].contours[c].points_mm, sets[1].rois[n].contours[c].points_mm);
  }
}

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
