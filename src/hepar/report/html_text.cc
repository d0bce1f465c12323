// SPDX-License-Identifier: Apache-2.0
#include "hepar/report/html_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/digest/sha256.h"

namespace hepar {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7F;
}

std::string_view escaped(const char& c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return is_control(c) ? kReplacement : std::string_view(&c, 1);
  }
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  using Json = nlohmann::json;
  const auto replace = Json::error_handler_t::replace;
  return Json::parse(Json(text).dump(-1, ' ', false, replace)).get<std::string>();
}

std::string escape_html(std::string_view text) {
  std::string html;
  for (const char& c : valid_utf8(text)) html += escaped(c);
  return html;
}

std::string picture_uri(std::string_view media_type, std::string_view bytes) {
  HEPAR_EXPECT(media_type == "image/png" || media_type == "image/jpeg" || media_type == "image/svg+xml",
               fmt::format("a picture of type {}", media_type));
  return fmt::format("data:{};base64,{}", media_type, base64(bytes));
}

std::string json_element(std::string json) {
  // In JSON '<' stands only in strings, where it may be written as an escape.
  for (std::size_t at = 0; (at = json.find('<', at)) != std::string::npos;) json.replace(at, 1, "\\u003c");
  return "<script type=\"application/json\">" + json + "</script>";
}

std::string short_number(double value, int decimals) {
  HEPAR_EXPECT(std::isfinite(value), "a report holds a number that is not finite");
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text == "-0" ? "0" : text;
}

}  // namespace hepar
