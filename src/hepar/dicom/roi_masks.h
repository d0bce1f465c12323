// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hepar/dicom/structure_set.h"
#include "hepar/volume/volume.h"

namespace hepar {

// The structures of a label map on the CT's grid as contours on the CT's own slices, by the profile. An ROI
// without voxels is left out, with a note, unless the profile wants it, and a note names the labels that no
// ROI is made of. roi_mask() of each is its voxels again, also when coordinates were rounded to 0.001 mm.
// Where a contour has more points than the profile allows its region is simplified beyond `simplify_mm`, as
// far as the voxels stay. Error(kInvalidInput) for label 0, another grid, a resampled CT, or still more
// points.
StructureSet contour_labels(const LabelMap& labels, const CtGrid& ct, const DicomProfile& profile = {});

struct RoiMask {
  Mask mask;                       // on the CT's grid: voxels whose centre lies within the contours
  std::vector<std::string> notes;  // contours off the slices, outside of the CT, overlapping; slices skipped
  bool as_drawn = true;            // no contour was left out, moved, flattened, cut or joined
  std::int64_t hole_count = 0;     // contours that lie within another one and were taken as holes
};

// The voxels of an ROI; none when it has no contours, which is noted. A contour belongs to the slice its
// plane lies nearest to (in doubt, within a tenth of a slice distance, the one that it names); of several
// planes that belong to one slice the nearest counts, and the others are left out with a note. Each is filled
// by the even-odd rule, but for channels to holes that are less than 1/20 pixel wide. On a slice a contour
// whose voxels all belong to another one is a hole of that, one within a hole an island; those that overlap
// in part are joined, and of those with the same voxels one counts. A contour farther than half a slice
// distance from every slice, or whose points are more than that apart across the slices, is left out with a
// note. On a resampled CT each slice shows the contours of the nearest one that was read.
// Error(kInvalidInput) when none lies on the CT, or both sides name a frame of reference and these differ;
// Error(kUnsupported) for so many contours on one slice that no drawing has them. A note says when neither
// frame of reference, series nor an image proves that it was drawn on this CT, and when it was on another
// series of the same frame of reference.
RoiMask roi_mask(const StructureSet& structures, const Roi& roi, const CtGrid& ct);

}  // namespace hepar
