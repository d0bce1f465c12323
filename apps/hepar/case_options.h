// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/lesion/lesion_filter.h"
#include "hepar/pipeline/case_dicom.h"
#include "hepar/pipeline/ct_input.h"
#include "hepar/pipeline/label_input.h"

namespace CLI {
class App;
}

namespace hepar {

// --no-dicom and --profile.
struct DicomChoice {
  bool leave_out = false;
  std::filesystem::path profile;
  // With the profile read.
  DicomOptions resolved() const;
};
void bind_dicom_options(CLI::App& app, DicomChoice& choice);
// The profile of --profile; the default one without it.
DicomProfile load_dicom_profile(const std::filesystem::path& file);
void bind_profile(CLI::App& app, std::filesystem::path& profile);

// --roi NAME=VALUE, several times.
void bind_roi_labels(CLI::App& app, std::vector<std::string>& texts);
// The user's, before the default ones.
std::vector<RoiLabel> roi_labels(const std::vector<std::string>& texts);

// The options that `segment` and `filter` share.
void bind_ct_options(CLI::App& app, CtSource& ct);
// `options` of the filter, and a site's own thresholds.
struct LesionChoice {
  LesionFilterOptions options;
  std::filesystem::path site;
  // The options with the site's thresholds read.
  LesionFilterOptions resolved() const;
};
void bind_lesion_options(CLI::App& app, LesionChoice& choice);

}  // namespace hepar
