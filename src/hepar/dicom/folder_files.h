// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <vector>

namespace hepar::dicom {

// All regular files below a folder to any depth, sorted; links to folders and folders that may not be read
// are passed over. Error: kMissing (no such folder), kInvalidInput (a file).
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder);

}  // namespace hepar::dicom
