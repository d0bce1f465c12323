// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hepar/dicom/ct_series.h"
#include "hepar/volume/volume.h"

namespace hepar {

// A CT as the user names it.
struct CtSource {
  std::filesystem::path path;             // DICOM folder, .nii, .nii.gz, .nrrd, .mha
  std::string series;                     // DICOM: which series, by UID; empty: the only one
  bool accept_skewed_directions = false;  // image files: nearest right-angled axes instead of a refusal
  bool resample_irregular = false;        // DICOM: interpolate uneven slices instead of a refusal
};

struct LoadedCt {
  CtVolume voxels;                 // HU
  std::vector<std::string> notes;  // what the user should know, one sentence each
  std::optional<CtGrid> series;    // of a DICOM folder: what results refer to
};

// Reads a CT from a DICOM folder or an image file. Errors of the readers pass through.
LoadedCt load_ct(const CtSource& source);

}  // namespace hepar
