// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/svg.h"

#include <fmt/format.h>

#include <cctype>
#include <cmath>
#include <map>
#include <numbers>

#include "hepar/core/error.h"

namespace hepar {
namespace {

bool is_digit(std::string_view text, std::size_t at) {
  return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0;
}

// The "image12" or "surface12" that `text` begins with; empty when it does not.
std::string_view counted_name(std::string_view text) {
  for (const std::string_view kind : {"image", "surface"}) {
    std::size_t length = kind.size();
    if (text.substr(0, length) != kind || !is_digit(text, length)) continue;
    while (is_digit(text, length)) ++length;
    return text.substr(0, length);
  }
  return {};
}

std::string tidy(std::string_view svg) {
  constexpr std::size_t kDecimals = 2;
  std::map<std::string_view, std::size_t> numbers;
  std::string result;
  for (std::size_t at = 0; at < svg.size(); ++at) {
    result += svg[at];
    if (svg[at] == '"' || svg[at] == '#') {  // neither is in the base64 of pixels
      const std::string_view name = counted_name(svg.substr(at + 1));
      if (name.empty()) continue;
      result += fmt::format("picture{}", numbers.try_emplace(name, numbers.size() + 1).first->second);
      at += name.size();
    } else if (svg[at] == '.' && at > 0 && is_digit(svg, at - 1)) {
      for (std::size_t n = 0; is_digit(svg, at + 1); ++n) {
        if (++at; n < kDecimals) result += svg[at];
      }
    }
  }
  return result;
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else {
      result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;  // XML knows no control characters
    }
  }
  return result;
}

std::string colour_of(cairo_t* cairo) {
  double red = 0, green = 0, blue = 0, alpha = 0;
  cairo_pattern_get_rgba(cairo_get_source(cairo), &red, &green, &blue, &alpha);
  const auto byte = [](double value) { return std::lround(255 * value); };
  return fmt::format("#{:02x}{:02x}{:02x}", byte(red), byte(green), byte(blue));
}

}  // namespace

std::string svg_text(cairo_t* cairo, double x, double y, const std::string& utf8) {
  if (utf8.find_first_not_of(' ') == std::string::npos) return "";
  cairo_text_extents_t extents;
  cairo_text_extents(cairo, utf8.c_str(), &extents);
  cairo_matrix_t font, user;
  cairo_get_font_matrix(cairo, &font);
  cairo_get_matrix(cairo, &user);
  cairo_user_to_device(cairo, &x, &y);
  const double degrees = std::atan2(user.yx, user.xx) * 180 / std::numbers::pi;
  const std::string turn =
      degrees == 0 ? "" : fmt::format(" transform=\"rotate({:.2f} {:.2f} {:.2f})\"", degrees, x, y);
  return fmt::format(
      "<text x=\"{:.2f}\" y=\"{:.2f}\" font-size=\"{:g}\" fill=\"{}\" textLength=\"{:.2f}\" "
      "lengthAdjust=\"spacingAndGlyphs\"{}>{}</text>\n",
      x, y, font.xx, colour_of(cairo), extents.x_advance, turn, escaped(utf8));
}

std::string finished_svg(std::string_view svg, std::string_view texts) {
  const std::size_t end = svg.rfind("</svg>");
  HEPAR_EXPECT(end != std::string_view::npos, "Cairo made no SVG");
  return fmt::format("{}<g font-family=\"'DejaVu Sans', Verdana, sans-serif\">\n{}</g>\n</svg>\n",
                     tidy(svg.substr(0, end)), texts);
}

}  // namespace hepar
