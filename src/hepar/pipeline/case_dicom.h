// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/dicom_profile.h"
#include "hepar/dicom/structure_set_export.h"
#include "hepar/volume/volume.h"

namespace hepar {

inline constexpr std::string_view kStructureSetFile = "rtstruct.dcm", kSegmentationFile = "seg.dcm";

// ... and what a result folder holds besides when the CT is a DICOM series.
inline constexpr std::string_view kDicomFiles =
    "rtstruct.dcm and seg.dcm, which refer to the CT's own instances";

struct DicomOptions {
  bool write = true;
  DicomProfile profile;
  std::filesystem::path profile_file;  // where it was read from, for the run's record; empty: nowhere
};

// What a case's DICOM objects are made by.
struct CaseDicom {
  CtGrid series;
  DicomProfile profile;
  std::filesystem::path profile_file;
};
// Nothing when the CT is no DICOM series, or no objects are wanted.
std::optional<CaseDicom> case_dicom(const std::optional<CtGrid>& series, const DicomOptions& options);

// Writes kStructureSetFile (checked, see export_structure_set) and kSegmentationFile into the folder. Neither
// is written, and a note says why, when the CT was resampled or has no UIDs to refer to, no structure has a
// voxel, or the profile's limits can't be kept. Other errors of the writers pass through.
std::vector<ExportedRoi> write_case_dicom(const std::filesystem::path& folder, const LabelMap& labels,
                                          const CaseDicom& dicom, std::vector<std::string>& notes);

// Volume of every ROI of the profile that has a voxel.
std::vector<std::pair<std::string, double>> roi_volumes_ml(const LabelMap& labels,
                                                           const DicomProfile& profile);

// "ROI Liver 1234.5 mL, GTV 56.7 mL\n", or nothing.
std::string rois_text(const std::vector<ExportedRoi>& rois);

}  // namespace hepar
