// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace hepar {

// Hepar's version, such as "0.1.0"; it stands in the outputs.
std::string_view version();

// What every output and page says.
inline constexpr std::string_view kDisclaimer = "For research; not a medical device.";

}  // namespace hepar
