// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/dicom/structure_set.h"
#include "hepar/volume/volume.h"

namespace hepar {

struct ExportedRoi {
  std::string name;
  double volume_ml = 0;  // of its voxels
  std::int64_t contour_count = 0;
};
struct StructureSetExport {
  std::vector<ExportedRoi> rois;  // those written
  // ROIs left out for want of voxels, labels without ROI, contours of less than a pixel, what was put in
  // place of a missing or invalid UID.
  std::vector<std::string> notes;
};

// contour_labels() and write_structure_set(), and then the proof: the file is read back, every ROI is
// compared with what was written (name, number, type, frame of reference, contours on the slices they name),
// rasterised by roi_mask() and compared with the label map, before it gets its name. One differing voxel is
// an Error(kInternal), and nothing is written. Error(kInvalidInput) when no ROI of the profile has a voxel;
// errors of the two pass through.
StructureSetExport export_structure_set(const std::filesystem::path& file, const LabelMap& labels,
                                        const CtGrid& ct, const DicomProfile& profile = {});

}  // namespace hepar
