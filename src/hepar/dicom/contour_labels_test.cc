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
#include "hepar/dicom/test_contours.h"
#include "hepar/dicom/test_grids.h"
#include "hepar/imaging/test_planar_mask.h"

namespace hepar {
namespace {
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

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

}  // namespace
}  // namespace hepar
