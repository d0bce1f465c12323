// SPDX-License-Identifier: Apache-2.0
#pragma once

// The models among the golden files (tests/golden/README.md), for tests.

#include <filesystem>

namespace hepar {

// The model folder of a golden case, which lies deep in nnU-Net's own folders.
inline std::filesystem::path golden_model(const std::filesystem::path& case_folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(case_folder / "model")) {
    if (entry.path().filename() == "plans.json") return entry.path().parent_path();
  }
  return {};
}

}  // namespace hepar
