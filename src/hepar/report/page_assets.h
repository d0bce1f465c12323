// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace hepar {

// The files of web/report, put into the library when it is built (cmake/EmbedPage.cmake), with the SHA-256 of
// their bytes in hexadecimal digits.
extern const std::string_view kPageStyle, kPageScript;
extern const std::string_view kPageStyleSha256, kPageScriptSha256;

}  // namespace hepar
