// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/pipeline/ct_input.h"

namespace hepar {

// A CT under the name that it has in a report: the file's without suffixes and channel, or the folder's.
struct NamedScan {
  std::string name;
  CtSource source;
};

struct ScanList {
  std::vector<NamedScan> scans;    // by name
  std::vector<std::string> notes;  // which part of a dataset was taken
};

// The scans that `place` names: one image file, or of a folder
// - an nnU-Net dataset's imagesTr, or imagesTs where `test` and there is one; of several channels the first;
// - else the image files directly in it, and the CT series in it and in its subfolders.
// Whether they can be read is not asked. Throws Error(kMissing) when there is no such place or no scan.
ScanList list_scans(const std::filesystem::path& place, bool test);

}  // namespace hepar
