// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hepar/dicom/dicom_profile.h"
#include "hepar/dicom/structure_set_export.h"
#include "hepar/pipeline/ct_input.h"
#include "hepar/pipeline/label_input.h"

namespace hepar {

enum class DicomObject { kStructureSet, kSegmentation };

struct ConvertLabelsRequest {
  std::filesystem::path input;    // a label map, an RTSTRUCT, a SEG; with `probability_of` an image of 0 to 1
  CtSource reference;             // the CT; empty path: a SEG's own grid
  std::filesystem::path output;   // .nii and .nii.gz: a label map; else a DICOM object
  std::optional<DicomObject> as;  // nothing: RTSTRUCT, of a probability SEG
  std::string probability_of;     // the profile's ROI whose probability it is; empty: labels
  DicomProfile profile;
  std::vector<RoiLabel> rois = default_roi_labels();
};

struct ConvertLabelsResult {
  std::vector<std::pair<std::string, double>> volumes_ml;  // by ROI or label
  std::vector<std::string> notes;
};

// Any of the forms to any other, checked on the way: an RTSTRUCT is read back and rasterised, a SEG read
// back, before they get their names. Error(kInvalidInput) for combinations that make no sense: a DICOM object
// without a DICOM reference, --as with a label map's name.
ConvertLabelsResult convert_labels(const ConvertLabelsRequest& request);

std::string convert_labels_json(const ConvertLabelsResult& result);
std::string convert_labels_text(const ConvertLabelsResult& result, const std::filesystem::path& output);

}  // namespace hepar
