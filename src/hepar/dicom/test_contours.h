// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "hepar/dicom/dicom_profile.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/volume/volume.h"

namespace hepar {

// Coordinates as they are written.
inline void round_points(StructureSet& set) {
  for (Roi& roi : set.rois) {
    for (RoiContour& contour : roi.contours) {
      for (Vec3& point : contour.points_mm) {
        for (int axis = 0; axis < 3; ++axis) point[axis] = std::round(point[axis] * 1000) / 1000;
      }
    }
  }
}

inline std::int64_t differing_voxels(const LabelMap& labels, const RoiStyle& style, const Mask& mask) {
  std::int64_t count = 0;
  for (std::size_t n = 0; n < labels.voxels().size(); ++n) {
    const std::uint8_t label = labels.voxels()[n];
    const bool inside = std::find(style.labels.begin(), style.labels.end(), label) != style.labels.end();
    count += inside != (mask.voxels()[n] != 0);
  }
  return count;
}

}  // namespace hepar
