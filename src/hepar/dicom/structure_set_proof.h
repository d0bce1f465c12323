// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

#include "hepar/dicom/structure_set_export.h"

namespace hepar::dicom {

// Writes the structures and reads them back; the file gets its name only when verified_rois() passes.
std::vector<ExportedRoi> write_verified(const std::filesystem::path& file, const StructureSet& structures,
                                        const LabelMap& labels, const CtGrid& ct,
                                        const DicomProfile& profile);

// Error(kInternal) unless what was read back has the ROIs that were written (name, number, type, frame of
// reference, count of contours), each contour lies within 0.01 mm of the slice that it names, and roi_mask()
// of each ROI is the label map's voxels with every contour used as drawn: none is a hole of another one but
// in HoleMode::kSeparate.
std::vector<ExportedRoi> verified_rois(const StructureSet& read_back, const StructureSet& written,
                                       const LabelMap& labels, const CtGrid& ct, const DicomProfile& profile);

}  // namespace hepar::dicom
