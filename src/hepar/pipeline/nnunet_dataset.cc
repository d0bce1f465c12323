// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/nnunet_dataset.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/core/error.h"

namespace hepar {
namespace fs = std::filesystem;

std::vector<std::string> nnunet_case_names(const fs::path& dataset, const std::string& file_ending) {
  const fs::path folder = dataset / "labelsTr";
  if (!fs::is_directory(folder)) {
    throw Error(ErrorCode::kMissing,
                fmt::format("there is no {}; an nnU-Net dataset holds dataset.json, imagesTr and labelsTr",
                            folder.string()));
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(file_ending)) names.push_back(name.substr(0, name.size() - file_ending.size()));
  }
  std::sort(names.begin(), names.end());
  if (names.empty()) {
    throw Error(ErrorCode::kInvalidInput, fmt::format("{} holds no {} file", folder.string(), file_ending));
  }
  return names;
}

}  // namespace hepar
