// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace hepar {

// The files of web/report, put into the library when it is built (cmake/EmbedPage.cmake).
extern const std::string_view kPageStyle, kPageScript;

}  // namespace hepar
