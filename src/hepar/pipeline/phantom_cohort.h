// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/phantom/phantom.h"

namespace hepar {

struct PhantomCohortRequest {
  std::filesystem::path output;
  std::int64_t cases = 25;
  std::int64_t first_case = 0;  // number of the first one in the cohort of that seed
  std::uint64_t seed = 7;
  bool only_with_tumour = false;  // pass over cases whose truth holds no tumour
  bool dicom = false;             // write dicom/NAME, the CT as a DICOM series, too
  PhantomOptions options;
};

// Name of a cohort's case, "phantom_000" for the first.
std::string phantom_case_name(std::int64_t index);

// Writes an nnU-Net dataset of that many cases from first_case on: imagesTr/NAME_0000.nii.gz,
// labelsTr/NAME.nii.gz (0 to 3), dataset.json (regions liver [1,2,3] and tumour [2]) and truth.json with
// every lesion's kind, centre, diameter and true HU. Returns the cases' names.
std::vector<std::string> write_phantom_cohort(const PhantomCohortRequest& request,
                                              Progress* progress = nullptr);

}  // namespace hepar
