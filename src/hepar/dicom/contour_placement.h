// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hepar/dicom/structure_set.h"

namespace hepar::dicom {

// Which slice each contour of an ROI belongs to, and how many are not where they should be.
struct Placement {
  std::vector<std::vector<std::size_t>> contours_of_slice;  // numbers, in order
  std::int64_t off_slices = 0, tilted = 0, other_name = 0, unknown_name = 0;
  std::int64_t other_plane = 0;  // left out: another plane lies nearer to their slice
  std::int64_t bent = 0;         // points more than a tenth of a slice distance apart across the slices
};

class SliceFinder {
 public:
  explicit SliceFinder(const CtGrid& ct);

  // A slice gets the contours of one plane, the nearest: contours of several, put on one slice, would make
  // holes of each other.
  Placement place(const std::vector<RoiContour>& contours) const;

  // The slice at an offset along the normal.
  std::size_t nearest(double offset_mm) const;

  bool has_instance(const std::string& uid) const { return number_of_uid_.count(uid) > 0; }

 private:
  struct Placed {
    std::size_t number;
    double low_mm, high_mm;  // along the normal
    double middle_mm() const { return low_mm + (high_mm - low_mm) / 2; }
  };
  std::vector<std::vector<Placed>> find_slices(const std::vector<RoiContour>& contours,
                                               Placement& placement) const;
  Placed extent_of(const RoiContour& contour, std::size_t number) const;
  std::size_t named_or_nearest(const RoiContour& contour, std::size_t slice, double middle_mm,
                               Placement& placement) const;

  Vec3 normal_;
  double distance_mm_;
  std::vector<double> offsets_mm_;  // of the slices
  std::map<std::string, std::size_t> number_of_uid_;
};

}  // namespace hepar::dicom
