// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/figures/picture.h"

namespace hepar {

struct CaseTimes {
  std::string name;
  std::vector<double> seconds;  // one number for each stage
};
struct StageTimes {
  std::string title;
  std::vector<std::string> stages;
  std::vector<CaseTimes> cases;
};

// Where the time goes: up to 20 cases as bars of their stages one after the other, with the sum at the end;
// more cases as a box plot of each stage and of the sum. 760 pixels wide. The same times give the same bytes.
// Error(kInvalidInput) without a stage or case, for a case with another number of stages, and for seconds
// that are negative or not finite.
std::string draw_stage_times(const StageTimes& times, PictureFormat format);

// The same as a file, whole or not at all; errors of picture_format and AtomicFile.
void write_stage_times(const std::filesystem::path& path, const StageTimes& times);

}  // namespace hepar
