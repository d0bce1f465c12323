// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairo.h>

#include <string>
#include <string_view>

namespace hepar {

// An SVG <text> element for text that begins at (x, y) of the user space, in the current colour and font
// size. It keeps its width where the font DejaVu Sans is missing (textLength; SVG 2, 11.5).
std::string svg_text(cairo_t* cairo, double x, double y, const std::string& utf8);

// Cairo's SVG with `texts` on top, its pictures numbered by their order, not by a count over the whole
// program's life, so that the same drawing gives the same bytes, and numbers cut to hundredths of a pixel.
std::string finished_svg(std::string_view svg, std::string_view texts);

}  // namespace hepar
