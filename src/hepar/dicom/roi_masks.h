// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hepar/dicom/structure_set.h"
#include "hepar/volume/volume.h"

namespace hepar {

// The structures of a label map on the CT's grid as contours on the CT's own slices, by the profile. An ROI
// without voxels is left out, with a note, unless the profile wants it. Error(kInvalidInput) for another
// grid, a resampled CT, or more points than the profile allows.
StructureSet contour_labels(const LabelMap& labels, const CtGrid& ct, const DicomProfile& profile = {});

struct RoiMask {
  Mask mask;                       // on the CT's grid: voxels whose centre lies within the contours
  std::vector<std::string> notes;  // contours off the slices, outside of the CT, overlapping
};

// The voxels of an ROI. A contour belongs to the slice its plane lies nearest to (in doubt the one that it
// names). On a slice a loop within another is a hole of it, one within a hole an island; loops that overlap
// in part are joined, one that is there twice counts once. A contour farther than half a slice distance from
// every slice, or tilted against the slices, is left out with a note. Error(kInvalidInput) when none lies on
// the CT, or the frame of reference is another one.
RoiMask roi_mask(const StructureSet& structures, const Roi& roi, const CtGrid& ct);

}  // namespace hepar
