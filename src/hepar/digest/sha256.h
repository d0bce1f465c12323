// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace hepar {

// SHA-256 (FIPS 180-4) as 64 lower-case hexadecimal digits, the same as sha256sum prints.
std::string sha256_hex(std::string_view bytes);

// The same as base64 (RFC 4648, with padding), as Content-Security-Policy wants it.
std::string sha256_base64(std::string_view bytes);

// Any bytes as base64 (RFC 4648, with padding).
std::string base64(std::string_view bytes);

// Of a file's bytes; of a folder, of its files' digests: the same as
//   find FOLDER -type f -exec sha256sum {} + | cut -d ' ' -f 1 | LC_ALL=C sort | sha256sum
// which does not depend on names. Reads everything once. Error(kMissing) when something can't be read.
std::string sha256_of_path(const std::filesystem::path& path);

}  // namespace hepar
