// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace hepar::fuzz {

// A kind of valid input: a folder of files, one of which is mutated before `read` gets to work on the
// folder's copy.
struct Sample {
  std::string name;
  std::filesystem::path folder, mutated;  // the latter's name in the folder
  std::function<void(const std::filesystem::path& folder)>
      read;  // may throw Error; std::logic_error: a wrong result
};

// Writes the valid inputs below `folder`.
std::vector<Sample> make_samples(const std::filesystem::path& folder);

}  // namespace hepar::fuzz
