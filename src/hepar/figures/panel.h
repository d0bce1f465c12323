// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairo.h>

#include <cmath>
#include <optional>

#include "hepar/figures/axial_plane.h"

namespace hepar {

struct PictureColour {
  double red, green, blue;  // 0 to 1
};
inline constexpr PictureColour kLiverColour{0.96, 0.87, 0.45}, kBeforeColour{0.0, 0.80, 0.20},
    kAfterColour{0.10, 0.35, 1.0}, kCystColour{1.0, 0.60, 0.0}, kReferenceColour{1.0, 0.15, 0.15},
    kTextColour{0.93, 0.93, 0.93}, kDimColour{0.62, 0.64, 0.66}, kRimColour{0.07, 0.08, 0.09};

// One line of the legend and how outlines of that kind are drawn.
struct LineStyle {
  PictureColour colour;
  double width;  // pixels
  bool dashed;
};
inline constexpr LineStyle kLiverLine{kLiverColour, 1.0, false}, kBeforeLine{kBeforeColour, 4.4, false},
    kAfterLine{kAfterColour, 1.7, false}, kCystLine{kCystColour, 2.2, true},
    kReferenceLine{kReferenceColour, 1.8, false};

// The part of the slices that all panels show. Plane millimetres: (0,0) is the corner of pixel (0,0).
struct Viewport {
  double left_mm = 0, top_mm = 0, width_mm = 0, height_mm = 0;
  double pixels_per_mm = 1;
  int width_pixels() const { return static_cast<int>(std::lround(width_mm * pixels_per_mm)); }
  int height_pixels() const { return static_cast<int>(std::lround(height_mm * pixels_per_mm)); }
};

struct PanelMark {  // the lesion that the panel is about, in plane millimetres
  double x_mm, y_mm, radius_mm;
};

struct PanelContent {
  double pixel_width_mm = 1, pixel_height_mm = 1;
  AxialPlane<float> ct;
  AxialPlane<std::uint8_t> before, after;
  std::optional<AxialPlane<std::uint8_t>> reference;
  std::optional<PanelMark> mark;
};

// Draws one slice with its outlines, marks of side and a 50 mm scale bar; (0,0) is the panel's top left.
void draw_panel(cairo_t* cairo, const PanelContent& content, const Viewport& viewport);

void set_colour(cairo_t* cairo, PictureColour colour, double alpha = 1);
void set_line(cairo_t* cairo, const LineStyle& style);

}  // namespace hepar
