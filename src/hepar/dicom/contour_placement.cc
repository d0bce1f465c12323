// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/contour_placement.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hepar::dicom {
namespace {

constexpr double kRoundingMm = 0.01;
// Contours so near to the middle between two slices, in slice distances, lie on the one that they name.
constexpr double kDoubt = 0.1;
constexpr double kFlat = 0.1;          // what a plane's points may be apart across the slices, in distances
constexpr double kSamePlaneMm = 0.05;  // of contours whose points lie no farther apart

}  // namespace

SliceFinder::SliceFinder(const CtGrid& ct)
    : normal_(ct.geometry.direction.column(2)), distance_mm_(ct.geometry.spacing_mm.z) {
  for (std::size_t n = 0; n < ct.slices.size(); ++n) {
    offsets_mm_.push_back(normal_.dot(ct.slices[n].position_mm));
    if (!ct.slices[n].sop_instance_uid.empty()) number_of_uid_.emplace(ct.slices[n].sop_instance_uid, n);
  }
}

std::size_t SliceFinder::nearest(double offset_mm) const {
  const auto above = std::lower_bound(offsets_mm_.begin(), offsets_mm_.end(), offset_mm);
  const auto n = static_cast<std::size_t>(above - offsets_mm_.begin());
  if (n == 0) return 0;
  if (n == offsets_mm_.size() || offset_mm - offsets_mm_[n - 1] <= *above - offset_mm) return n - 1;
  return n;
}

SliceFinder::Placed SliceFinder::extent_of(const RoiContour& contour, std::size_t number) const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Placed placed{number, kInfinity, -kInfinity};
  for (const Vec3& point : contour.points_mm) {
    const double offset_mm = normal_.dot(point);
    if (!std::isfinite(offset_mm)) placed.low_mm = -kInfinity;
    placed.low_mm = std::min(placed.low_mm, offset_mm);
    placed.high_mm = std::max(placed.high_mm, offset_mm);
  }
  return placed;
}

std::size_t SliceFinder::named_or_nearest(const RoiContour& contour, std::size_t slice, double middle_mm,
                                          Placement& placement) const {
  const auto named = number_of_uid_.find(contour.image_uid);
  if (named == number_of_uid_.end()) {
    placement.unknown_name += contour.image_uid.empty() ? 0 : 1;
    return slice;
  }
  const double away_mm = std::abs(offsets_mm_[slice] - middle_mm);
  const double from_named_mm = std::abs(offsets_mm_[named->second] - middle_mm);
  if (from_named_mm - away_mm <= kDoubt * distance_mm_) return named->second;
  ++placement.other_name;
  return slice;
}

// Comparisons with points that are no numbers fail, so that these contours are left out.
std::vector<std::vector<SliceFinder::Placed>> SliceFinder::find_slices(
    const std::vector<RoiContour>& contours, Placement& placement) const {
  std::vector<std::vector<Placed>> found(offsets_mm_.size());
  for (std::size_t n = 0; n < contours.size(); ++n) {
    const Placed placed = extent_of(contours[n], n);
    const double extent_mm = placed.high_mm - placed.low_mm;
    if (!(extent_mm <= distance_mm_ / 2 + kRoundingMm)) {
      ++placement.tilted;
      continue;
    }
    const std::size_t slice = nearest(placed.middle_mm());
    if (!(std::abs(offsets_mm_[slice] - placed.middle_mm()) <= distance_mm_ / 2 + kRoundingMm)) {
      ++placement.off_slices;
      continue;
    }
    if (extent_mm > kFlat * distance_mm_ + kRoundingMm) ++placement.bent;
    found[named_or_nearest(contours[n], slice, placed.middle_mm(), placement)].push_back(placed);
  }
  return found;
}

Placement SliceFinder::place(const std::vector<RoiContour>& contours) const {
  Placement placement;
  const auto found = find_slices(contours, placement);
  placement.contours_of_slice.resize(found.size());
  for (std::size_t slice = 0; slice < found.size(); ++slice) {
    // Of planes on both sides, equally far but for rounding, the lower one.
    const Placed* plane = nullptr;
    const auto away_mm = [&](const Placed& one) { return std::abs(one.middle_mm() - offsets_mm_[slice]); };
    for (const Placed& one : found[slice]) {
      const double farther_mm = plane == nullptr ? -1 : away_mm(one) - away_mm(*plane);
      if (farther_mm < -kRoundingMm || (farther_mm <= kRoundingMm && one.middle_mm() < plane->middle_mm()))
        plane = &one;
    }
    for (const Placed& one : found[slice]) {
      if (one.low_mm <= plane->high_mm + kSamePlaneMm && one.high_mm >= plane->low_mm - kSamePlaneMm) {
        placement.contours_of_slice[slice].push_back(one.number);
      } else {
        ++placement.other_plane;
      }
    }
  }
  return placement;
}

}  // namespace hepar::dicom
