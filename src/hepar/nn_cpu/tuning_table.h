// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace hepar::cpu {

// Choices by key for this processor, instruction set and version of Hepar, kept in a JSON file
// {"schema": "hepar.tuning/1", "machines": {machine: {key: choice}}}.
class TuningTable {
 public:
  // Reads what the file holds; one that is missing or no such table is as an empty one. An empty path: the
  // table lives in memory alone.
  explicit TuningTable(std::filesystem::path file);

  // The choice for a key: `decide` is called once in this process, with the choice known from the file or
  // an empty text. Callers on several threads wait for each other.
  std::string find_or_make(const std::string& key,
                           const std::function<std::string(const std::string&)>& decide);
  // Adds what was decided anew to the file, beside what others have written meanwhile. A file that can't be
  // written is left as it is.
  void save();

 private:
  using Choices = std::map<std::string, std::string>;

  std::filesystem::path file_;
  std::mutex mutex_;
  Choices from_file_, decided_;
  bool changed_ = false;
};

// The one of this process for a file.
TuningTable& tuning_table(const std::filesystem::path& file);

}  // namespace hepar::cpu
