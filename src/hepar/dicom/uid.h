// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace hepar::dicom {

// UIDs of the root 2.25, which needs no registration: "2.25." and 128 bits as a decimal number (PS3.5 B.2).
std::string new_uid();                        // random
std::string uid_from(std::string_view text);  // the first 128 bits of SHA-256: equal for equal texts

// 1 to 64 characters, numbers joined by dots, none with a leading zero (PS3.5 9.1).
bool is_uid(std::string_view text);

}  // namespace hepar::dicom
