// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/uid_ends.h"

#include <algorithm>
#include <set>

namespace hepar {

std::string uid_end(const std::string& uid, std::size_t length) {
  return uid.substr(uid.size() - std::min(length, uid.size()));
}

std::size_t telling_length(const std::vector<std::string>& uids, std::size_t least) {
  constexpr std::size_t kLongest = 64;  // of a UID, PS3.5 9.1
  const std::set<std::string> different(uids.begin(), uids.end());
  for (std::size_t length = least; length < kLongest; ++length) {
    std::set<std::string> ends;
    for (const std::string& uid : different) ends.insert(uid_end(uid, length));
    if (ends.size() == different.size()) return length;
  }
  return kLongest;
}

}  // namespace hepar
