// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "hepar/volume/volume.h"

namespace hepar {

// Whose CT it is said to be.
struct CtIdentity {
  std::string patient_id, patient_name;
  std::string series_description;
  std::string uid_seed;  // equal seeds give equal UIDs
};

// Writes a CT as single slices FOLDER/ct_0000.dcm and so on, in Hounsfield units rounded to whole numbers
// (cut to -1024 to 31743), explicit VR little endian, at the volume's own place. For made-up CTs: phantoms
// and tests. Files are whole or absent. Error(kMissing) when the folder can't be made.
void write_ct_series(const std::filesystem::path& folder, const CtVolume& ct, const CtIdentity& identity);

}  // namespace hepar
