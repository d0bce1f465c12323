// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace hepar {

// The files of web/report, put into the library when it is built (cmake/EmbedPage.cmake).
std::string_view page_style();
std::string_view page_script();

}  // namespace hepar
