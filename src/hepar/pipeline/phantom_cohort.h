// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

#include "hepar/core/progress.h"
#include "hepar/phantom/phantom.h"

namespace hepar {

struct PhantomCohortRequest {
  std::filesystem::path output;
  std::int64_t cases = 25;
  std::uint64_t seed = 7;
  PhantomOptions options;
};

// Name of a cohort's n-th case, "phantom_000".
std::string phantom_case_name(std::int64_t index);

// Writes an nnU-Net dataset: imagesTr/NAME_0000.nii.gz, labelsTr/NAME.nii.gz (0 to 3), dataset.json
// (regions liver [1,2,3] and tumour [2]) and truth.json with every lesion's kind, centre, diameter and true
// HU.
void write_phantom_cohort(const PhantomCohortRequest& request, Progress* progress = nullptr);

}  // namespace hepar
