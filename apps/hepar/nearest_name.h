// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace hepar {

// The name with the fewest edits from `typed` (Levenshtein distance), if that is at most a third of its
// length; nothing otherwise.
std::optional<std::string> nearest_name(const std::string& typed, const std::vector<std::string>& names);

}  // namespace hepar
