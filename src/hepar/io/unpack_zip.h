// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace hepar {

// What an archive may unpack to, against those made to fill a disk.
struct UnpackLimits {
  std::int64_t bytes = std::int64_t{16} << 30;
  std::int64_t files = 200000;
};

// Writes the files of a ZIP archive whose name ("folder/file") `wanted` accepts below `folder`, and returns
// their number. Sizes and checksums are compared. What it wrote before an error stays; the folder is the
// caller's to remove. Error: kMissing (no such file), kCorrupt (damaged, no ZIP, one name twice),
// kInvalidInput (a name that leads out of the folder, the limits), kUnsupported (encrypted, a compression
// libzip lacks), kExhausted (disk full).
std::int64_t unpack_zip(const std::filesystem::path& archive, const std::filesystem::path& folder,
                        const std::function<bool(std::string_view)>& wanted, const UnpackLimits& limits = {});

}  // namespace hepar
