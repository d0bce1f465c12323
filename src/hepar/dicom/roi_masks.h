// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hepar/dicom/structure_set.h"
#include "hepar/volume/volume.h"

namespace hepar {

// The structures of a label map on the CT's grid as contours on the CT's own slices, by the profile. An ROI
// without voxels is left out, with a note, unless the profile wants it. roi_mask() of each is its voxels
// again, also when coordinates were rounded to 0.001 mm. Where a contour has more points than the profile
// allows its region is simplified beyond `simplify_mm`, as far as the voxels stay. Error(kInvalidInput) for
// another grid, a resampled CT, or still more points.
StructureSet contour_labels(const LabelMap& labels, const CtGrid& ct, const DicomProfile& profile = {});

struct RoiMask {
  Mask mask;                       // on the CT's grid: voxels whose centre lies within the contours
  std::vector<std::string> notes;  // contours off the slices, outside of the CT, overlapping; slices skipped
};

// The voxels of an ROI; none when it has no contours, which is noted. A contour belongs to the slice its
// plane lies nearest to (in doubt, within a tenth of a slice distance, the one that it names). Each is filled
// by the even-odd rule, but for channels to holes that are less than 1/20 pixel wide. On a slice a contour
// whose voxels all belong to another one is a hole of that, one within a hole an island; those that overlap
// in part are joined, and of those with the same voxels one counts. A contour farther than half a slice
// distance from every slice, or whose points are more than that apart across the slices, is left out with a
// note. On a resampled CT each slice shows the contours of the nearest one that was read.
// Error(kInvalidInput) when none lies on the CT, or both sides name a frame of reference and these differ.
RoiMask roi_mask(const StructureSet& structures, const Roi& roi, const CtGrid& ct);

}  // namespace hepar
