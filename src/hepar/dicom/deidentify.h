// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hepar/core/progress.h"

namespace hepar {

struct DeidentifyOptions {
  std::string key;         // UIDs and the patient's new name are derived with it; empty: a random one
  std::string patient_id;  // the new Patient ID and name; empty: derived from the old ID and the key
};

struct DeidentifyReport {
  std::int64_t written_count = 0, not_dicom_count = 0;
  std::vector<std::string> refused;  // files, a sentence each: damaged, may show the patient's name in pixels
  std::vector<std::string> notes;
};

// Writes every DICOM object below `source` to `output` without what identifies the patient: the Basic
// Application Level Confidentiality Profile (PS3.15 E.1), private attributes removed. UIDs are replaced by
// the same new ones in all objects, so that CT, RTSTRUCT and SEG still belong together. Files are named by
// modality and number in folders by new series UID. Error(kMissing) without a DICOM file,
// Error(kInvalidInput) when `output` lies within `source` or is not empty.
DeidentifyReport deidentify(const std::filesystem::path& source, const std::filesystem::path& output,
                            const DeidentifyOptions& options = {}, Progress* progress = nullptr);

}  // namespace hepar
