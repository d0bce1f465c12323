// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace hepar {

// A file of web/report, put into the library when it is built (cmake/EmbedPage.cmake).
struct PageAsset {
  std::string_view text;
  std::string_view sha256;  // of its bytes, in hexadecimal digits
};
PageAsset page_style();
PageAsset page_script();

}  // namespace hepar
