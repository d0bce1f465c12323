// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hepar::dicom {

std::size_t character_count(std::string_view utf8);
bool is_ascii(std::string_view text);

// Whether it can be one value of a DICOM text: no backslash, no control character, no space at an end.
bool is_plain_text(std::string_view utf8);

// The text in small letters, so far as they are ASCII or Latin-1: two names that only differ in case are
// equal.
std::string folded(std::string_view utf8);

// UTF-8 text in a DICOM character set such as "ISO_IR 100" (PS3.3 C.12.1.1.2); nothing when it can't hold the
// text, or has code extensions. ASCII stays what it is in any set.
std::optional<std::string> encode_text(const std::string& utf8, const std::string& character_set);

}  // namespace hepar::dicom
