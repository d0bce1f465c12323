// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace hepar {

// The label map that `hepar segment` and `hepar filter` write into a case's folder, and the same before the
// lesion filter.
inline constexpr std::string_view kLabelsFile = "labels.nii.gz", kUnfilteredFile = "unfiltered.nii.gz";

struct CasePair {
  std::string name;
  std::filesystem::path prediction, reference;
};
struct CasePairs {
  std::vector<CasePair> pairs;      // by name
  std::vector<std::string> faults;  // cases without partner, a sentence each
};

// Pairs two label maps (image files, or DICOM structures in .dcm), or those of two folders by file name
// without suffix. A prediction may also be a folder of the case's name with `inner_file` in it.
// Error(kMissing) for what is not there, Error(kInvalidInput) for a file against a folder, a folder without a
// label map or with two of one case, and when no case has a partner.
CasePairs pair_cases(const std::filesystem::path& prediction, const std::filesystem::path& reference,
                     std::string_view inner_file = kLabelsFile);

// A file name less the suffix of an image file or .dcm, "liver_0.nii.gz" -> "liver_0"; less nothing for
// others.
std::string case_name_of(const std::filesystem::path& file);

}  // namespace hepar
