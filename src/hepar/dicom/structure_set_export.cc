// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/structure_set_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/dicom/frame_of_reference.h"
#include "hepar/dicom/roi_masks.h"
#include "hepar/dicom/structure_set_proof.h"

namespace hepar {
namespace {

// Of a planar contour, by the shoelace formula in space.
double area_mm2(const RoiContour& contour) {
  const std::vector<Vec3>& points = contour.points_mm;
  Vec3 twice;
  for (std::size_t n = 1; n + 1 < points.size(); ++n)
    twice = twice + (points[n] - points[0]).cross(points[n + 1] - points[0]);
  return twice.norm() / 2;
}

std::int64_t small_contour_count(const StructureSet& structures, const CtGrid& ct) {
  const double pixel_mm2 = ct.geometry.spacing_mm.x * ct.geometry.spacing_mm.y;
  constexpr double kRounding = 1e-6;
  std::int64_t count = 0;
  for (const Roi& roi : structures.rois) {
    count += std::ranges::count_if(roi.contours, [&](const RoiContour& contour) {
      return area_mm2(contour) < pixel_mm2 * (1 - kRounding);
    });
  }
  return count;
}

}  // namespace

StructureSetExport export_structure_set(const std::filesystem::path& file, const LabelMap& labels,
                                        const CtGrid& ct, const DicomProfile& profile) {
  const StructureSet structures = contour_labels(labels, ct, profile);
  if (structures.rois.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                "no structure of the profile has a voxel in the label map, so there is nothing to contour");
  }
  StructureSetExport result{dicom::write_verified(file, structures, labels, ct, profile), structures.notes};
  if (const std::int64_t count = small_contour_count(structures, ct); count > 0) {
    result.notes.push_back(fmt::format(
        "{} contours enclose less than one pixel's area; some systems drop such contours", count));
  }
  if (auto note = dicom::made_up_frame_note(ct, "RTSTRUCT")) result.notes.push_back(std::move(*note));
  return result;
}

}  // namespace hepar
