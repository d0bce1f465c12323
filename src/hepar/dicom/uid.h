// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace hepar::dicom {

// UIDs of the root 2.25, which needs no registration: "2.25." and a UUID as a decimal number (PS3.5 B.2).
std::string new_uid();                        // random: version 4 (RFC 9562 5.4)
std::string uid_from(std::string_view text);  // of SHA-256: version 8 (RFC 9562 5.8), equal for equal texts

// 1 to 64 characters, numbers joined by dots, none with a leading zero (PS3.5 9.1).
bool is_uid(std::string_view text);

// Whether an object can refer to it: scanners' UIDs with leading zeros are wrong by PS3.5 9.1, but they are
// what a reference has to repeat.
bool can_be_referred_to(std::string_view uid);

}  // namespace hepar::dicom
