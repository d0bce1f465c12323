// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/dicom/segmentation.h"

namespace hepar::dicom {

// A segment's frame on each slice of `grid`, null where there is none. Needs a grid whose i and j run as the
// rows and columns of the frames; otherwise as segment_mask().
std::vector<const SegmentFrame*> frames_by_slice(const Segmentation& segmentation, int segment,
                                                 const Geometry& grid);

}  // namespace hepar::dicom
