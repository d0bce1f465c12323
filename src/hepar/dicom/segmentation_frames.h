// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "hepar/dicom/segmentation.h"

namespace hepar::dicom {

// In DICOM since 2024 (supplement 243), hence unknown to older versions of DCMTK.
inline constexpr std::string_view kLabelMapStorage = "1.2.840.10008.5.1.4.1.1.66.7";

// A segment's frame on each slice of `grid`, null where there is none. Needs a grid whose i and j run as the
// rows and columns of the frames; otherwise as segment_mask().
std::vector<const SegmentFrame*> frames_by_slice(const Segmentation& segmentation, int segment,
                                                 const Geometry& grid);

}  // namespace hepar::dicom
