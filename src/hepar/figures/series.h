// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "hepar/figures/canvas.h"

namespace hepar {

// Colours that people with a colour vision deficiency can tell apart: Okabe & Ito, "Color universal design",
// 2008, without black and yellow.
inline constexpr std::array<PictureColour, 6> kSeriesColours{{{0, 114 / 255.0, 178 / 255.0},
                                                              {213 / 255.0, 94 / 255.0, 0},
                                                              {0, 158 / 255.0, 115 / 255.0},
                                                              {204 / 255.0, 121 / 255.0, 167 / 255.0},
                                                              {230 / 255.0, 159 / 255.0, 0},
                                                              {86 / 255.0, 180 / 255.0, 233 / 255.0}}};

// How the n-th series looks, told apart in grey too: its line (dashed in every second round of colours), its
// mark (disc, square, triangle, diamond in turn) and its areas (plain, hatched up, hatched down, crossed).
LineStyle series_line(std::size_t n);
void add_mark(cairo_t* cairo, std::size_t n, double x, double y);  // to the path, which the caller fills
struct AreaStyle {
  PictureColour colour;
  bool hatched_up, hatched_down;
};
AreaStyle series_area(std::size_t n);
void fill_areas(cairo_t* cairo, std::span<const PictureArea> areas, const AreaStyle& style);

struct LegendEntry {
  std::string name;
  std::variant<LineStyle, AreaStyle> style;
  std::optional<std::size_t> mark;  // of this series, on the line
};

// The entries side by side from `left` on, in as many lines of 18 pixels as the width needs; each name is
// kept within the width. `y` is the base line of the first one. The font size is the caller's.
void draw_legend(cairo_t* cairo, double left, double y, double width, const std::vector<LegendEntry>& entries,
                 PictureColour text_colour);
int legend_lines(cairo_t* cairo, double width, const std::vector<LegendEntry>& entries);
inline constexpr double kLegendLineHeight = 18;

}  // namespace hepar
