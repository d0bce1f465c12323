// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

namespace hepar {

// A result folder whose files appear together or not at all: they are written into staging(), a hidden
// folder inside the target, and commit() moves them into place. Without commit() the destructor removes
// the staging folder, and the target too if this object made it. Files of the same name are replaced,
// others stay unless commit() is told otherwise. Error(kMissing) when the folder can't be made.
class OutputFolder {
 public:
  explicit OutputFolder(std::filesystem::path target);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  const std::filesystem::path& staging() const { return staging_; }
  // Files of `results` that were not written this time go: results of two runs must not mix.
  void commit(std::span<const std::string_view> results = {});

 private:
  std::filesystem::path target_, staging_;
  std::filesystem::path first_made_;  // the topmost folder this object made; empty: none
};

}  // namespace hepar
