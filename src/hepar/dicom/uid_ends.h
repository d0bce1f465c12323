// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace hepar {

// How series are named to a user, who may name them so to --series: by the last characters of their UIDs.

// The last `length` characters, or all where there are fewer.
std::string uid_end(const std::string& uid, std::size_t length);

// The shortest length, from `least` on, at which the ends of different UIDs differ; at most 64.
std::size_t telling_length(const std::vector<std::string>& uids, std::size_t least);

}  // namespace hepar
