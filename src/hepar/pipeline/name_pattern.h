// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace hepar {

// True when the whole name matches: * stands for any text, ? for one character (UTF-8); A to Z count as a to
// z (no other letters), and spaces around name and pattern don't count.
bool matches_pattern(std::string_view name, std::string_view pattern);

}  // namespace hepar
