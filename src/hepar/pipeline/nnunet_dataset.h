// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace hepar {

// The training cases of an nnU-Net dataset: those of labelsTr with this ending, sorted. Error(kMissing)
// without that folder, Error(kInvalidInput) without a case.
std::vector<std::string> nnunet_case_names(const std::filesystem::path& dataset,
                                           const std::string& file_ending);

}  // namespace hepar
