// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace hepar {

// Text for an element or a quoted attribute: & < > " ' escaped; bytes that are no UTF-8 and control
// characters other than tab and line feed become U+FFFD.
std::string escape_html(std::string_view text);

// The same bytes if they are UTF-8; each maximal broken part becomes U+FFFD.
std::string valid_utf8(std::string_view text);

// "data:image/png;base64,...". The media type must be one of those of document.h.
std::string picture_uri(std::string_view media_type, std::string_view bytes);

// A script element that holds JSON, from which no text in it can break out.
std::string json_element(std::string json);

// At most that many decimals, no trailing zeros, never "-0". Must be finite.
std::string short_number(double value, int decimals);

}  // namespace hepar
