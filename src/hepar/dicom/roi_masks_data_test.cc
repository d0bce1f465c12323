// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "hepar/dicom/roi_masks.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/dicom/test_contours.h"
#include "hepar/io/image_io.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {
using testing::IsEmpty;

std::filesystem::path data(const std::string& name) {
  return std::filesystem::path(HEPAR_UNPACKED_DATA) / name;
}

DicomProfile liver_profile() {
  return DicomProfile{.rois = {{"Liver", {1, 2, 3}, "ORGAN", {}, {}, {}},
                               {"GTV", {2}, "GTV", {}, {}, {}},
                               {"Cyst", {3}, "", {}, {}, {}}}};
}

// Both cases have a liver and tumours; case 01 a cyst of a few voxels as well.
void expect_round_trip(const std::string& name, std::size_t roi_count) {
  const CtGrid ct = read_ct_grid(data(name) / "PATIENT_DICOM");
  LabelMap labels = read_labels(data(name) / "derived_label_liver1_tumour2_cyst3.nii.gz").voxels;
  lay_onto(labels, ct.geometry);
  for (const ContourStyle style : {ContourStyle::kHalfLevel, ContourStyle::kPixelEdges}) {
    for (const double simplify_mm : {0.0, 1.0}) {
      DicomProfile profile = liver_profile();
      profile.contour_style = style;
      profile.simplify_mm = simplify_mm;
      profile.hole_mode = simplify_mm > 0 ? HoleMode::kSeparate : HoleMode::kKeyhole;
      StructureSet set = contour_labels(labels, ct, profile);
      ASSERT_EQ(set.rois.size(), roi_count);
      round_points(set);
      for (std::size_t n = 0; n < set.rois.size(); ++n) {
        const RoiMask back = roi_mask(set, set.rois[n], ct);
        EXPECT_EQ(differing_voxels(labels, profile.rois[n], back.mask), 0) << set.rois[n].name;
        EXPECT_TRUE(back.as_drawn);
      }
    }
  }
}

TEST(RoiMasksOfRealLivers, Case01) { expect_round_trip("ircadb01/case01", 3); }
TEST(RoiMasksOfRealLivers, Case17) { expect_round_trip("ircadb01/case17", 2); }

double distance_to_line(Vec3 p, Vec3 a, Vec3 b) {
  const Vec3 along = b - a;
  const double length2 = along.dot(along);
  const double t = length2 > 0 ? std::clamp((p - a).dot(along) / length2, 0.0, 1.0) : 0;
  return (p - a - t * along).norm();
}

// From a point to the nearest contour of an ROI in its plane.
double distance_mm(Vec3 point, const Roi& roi) {
  double least = 1e9;
  for (const RoiContour& contour : roi.contours) {
    if (std::abs(contour.points_mm[0].z - point.z) > 0.1) continue;
    for (std::size_t n = 0; n < contour.points_mm.size(); ++n) {
      const Vec3 a = contour.points_mm[n], b = contour.points_mm[(n + 1) % contour.points_mm.size()];
      least = std::min(least, distance_to_line(point, a, b));
    }
  }
  return least;
}

struct Difference {
  std::int64_t ours = 0, theirs = 0, ours_only = 0, theirs_only = 0;  // voxels
  double farthest_mm = 0;                                             // from a contour, of those that differ
};

Difference compare(const Mask& ours, const Mask& theirs, const Roi& roi) {
  Difference difference;
  const Int3 size = ours.size();
  for (std::int64_t k = 0; k < size.k; ++k) {
    for (std::int64_t j = 0; j < size.j; ++j) {
      for (std::int64_t i = 0; i < size.i; ++i) {
        const bool in_ours = ours[{i, j, k}] != 0, in_theirs = theirs[{i, j, k}] != 0;
        difference.ours += in_ours;
        difference.theirs += in_theirs;
        if (in_ours == in_theirs) continue;
        (in_ours ? difference.ours_only : difference.theirs_only) += 1;
        const Vec3 centre = ours.geometry().world_from_index(to_vec({i, j, k}));
        difference.farthest_mm = std::max(difference.farthest_mm, distance_mm(centre, roi));
      }
    }
  }
  return difference;
}

// By the shoelace formula, of contours on axial slices that don't lie within each other.
double area_mm2(const Roi& roi) {
  double sum = 0;
  for (const RoiContour& contour : roi.contours) {
    PlaneLoop loop;
    for (const Vec3& point : contour.points_mm) loop.push_back({point.x, point.y});
    sum += std::abs(signed_area(loop));
  }
  return sum;
}

const Roi& roi_named(const StructureSet& set, const std::string& name) {
  const auto roi =
      std::find_if(set.rois.begin(), set.rois.end(), [&](const Roi& r) { return r.name == name; });
  EXPECT_NE(roi, set.rois.end()) << name;
  return *roi;
}

// The published mask has 125256 voxels.
TEST(RoiMasksOfOthers, IbsiPhantom) {
  const CtGrid ct = read_ct_grid(data("ibsi_ct_phantom/dicom/image"));
  const StructureSet set = read_structure_set(data("ibsi_ct_phantom/dicom/mask/DCM_RS_00060.dcm"));
  LabelMap published = read_labels(data("ibsi_ct_phantom/nifti/mask/mask.nii.gz")).voxels;
  lay_onto(published, ct.geometry);
  const Roi& roi = roi_named(set, "GTV-1");
  const RoiMask mask = roi_mask(set, roi, ct);
  EXPECT_THAT(mask.notes, IsEmpty());
  const Difference difference = compare(mask.mask, published, roi);
  EXPECT_EQ(difference.ours, 125256);
  EXPECT_EQ(difference.ours_only, 0);
  EXPECT_EQ(difference.theirs_only, 0);
}

// The expected masks of this case were filled between contour points moved to the nearest pixel centres, with
// the pixels on the way between these: a pixel of 1 mm that differs from ours lies up to 0.5 sqrt(2) mm off
// by the former and 0.5 mm by the latter. Their masks are larger than the contours' areas; ours must not be.
void expect_near(const Difference& difference, const Roi& roi) {
  EXPECT_LE(difference.farthest_mm, 0.5 * std::sqrt(2.0) + 0.5);
  EXPECT_GT(difference.theirs_only, difference.ours_only);
  const double area = area_mm2(roi), ours = static_cast<double>(difference.ours);
  EXPECT_NEAR(ours, area, 0.01 * area);
  EXPECT_LT(std::abs(ours - area), std::abs(static_cast<double>(difference.theirs) - area) / 4);
}

TEST(RoiMasksOfOthers, BodyAndSpinalCord) {
  const CtGrid ct = read_ct_grid(data("anondicom_rtstruct/AnonDICOM"));
  const StructureSet set = read_structure_set(data("anondicom_rtstruct/AnonDICOM/RS_Body_SpinalCord.dcm"));
  LabelMap expected = read_labels(data("anondicom_rtstruct/AnonDICOM/Mask.nii.gz")).voxels;
  lay_onto(expected, ct.geometry);
  Mask body = expected, cord = expected;  // 1: cord, 2: body around it
  for (std::uint8_t& voxel : body.voxels()) voxel = voxel != 0;
  for (std::uint8_t& voxel : cord.voxels()) voxel = voxel == 1;
  const Roi &body_roi = roi_named(set, "BODY"), &cord_roi = roi_named(set, "SpinalCord");
  const Difference in_cord = compare(roi_mask(set, cord_roi, ct).mask, cord, cord_roi);
  const Difference in_body = compare(roi_mask(set, body_roi, ct).mask, body, body_roi);
  EXPECT_EQ(in_cord.theirs, 745);
  EXPECT_EQ(in_body.theirs, 745 + 164688);
  expect_near(in_cord, cord_roi);
  expect_near(in_body, body_roi);
}

}  // namespace
}  // namespace hepar
