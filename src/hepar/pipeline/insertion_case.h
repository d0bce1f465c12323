// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "hepar/core/progress.h"
#include "hepar/phantom/insertion.h"
#include "hepar/pipeline/ct_input.h"
#include "hepar/pipeline/truth_json.h"

namespace hepar {

struct InsertionRequest {
  CtSource ct;
  std::filesystem::path labels;  // 1 liver, 2 tumour, 3 cyst; other values are background
  std::filesystem::path output;
  InsertionOptions options;
  std::uint64_t seed = 3;
};

// Puts lesions into a real liver (insert_lesions) and writes ct.nii.gz, truth.nii.gz, contoured.nii.gz,
// truth.json and overview.png to request.output, all or none. Returns the case as truth.json has it.
TruthCase insert_case(const InsertionRequest& request, Progress* progress = nullptr);

// The summary: each lesion on a line, notes.
std::string insertion_text(const TruthCase& truth, const std::filesystem::path& output);

}  // namespace hepar
