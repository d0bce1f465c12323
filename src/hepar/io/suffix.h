// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace hepar::io {

// Which of ".nii" ".nii.gz" ".nrrd" ".nhdr" ".mha" ".mhd" the name ends in, in any case; "" for others.
std::string image_suffix(const std::filesystem::path& path);

}  // namespace hepar::io
