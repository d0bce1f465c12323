// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>

namespace hepar::cpu {

// What a choice holds for.
struct TuningMachine {
  std::string version;          // of Hepar
  std::string processor;        // its model name, printable ASCII
  std::string instruction_set;  // name_of()
};
TuningMachine this_machine();

// Choices by key for a processor, instruction set and version of Hepar, kept in a JSON file
// {"schema": "hepar.tuning/1", "machines": {"hepar VERSION, PROCESSOR, SET": {key: choice}}}.
class TuningTable {
 public:
  // Reads what the file holds; one that is missing or no such table is as an empty one. An empty path: the
  // table lives in memory alone.
  explicit TuningTable(std::filesystem::path file, TuningMachine machine = this_machine());

  // The choice for a key: `decide` is called once in this process, with the choice known from the file or
  // an empty text. Callers on several threads wait for each other.
  std::string find_or_make(const std::string& key,
                           const std::function<std::string(const std::string&)>& decide);
  // Adds what was decided anew to the file, beside the choices of other machines, and drops those that this
  // processor had with other versions of Hepar. A file that can't be written, or is JSON of another schema,
  // is left as it is. Two processes that save at the same moment keep the choices of one.
  void save();

 private:
  using Choices = std::map<std::string, std::string>;

  std::filesystem::path file_;
  TuningMachine machine_;
  std::mutex mutex_;
  Choices from_file_, decided_;
  bool changed_ = false;
};

// The one of this process for a file.
TuningTable& tuning_table(const std::filesystem::path& file);

}  // namespace hepar::cpu
