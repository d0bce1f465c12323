// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairo.h>

#include <memory>
#include <string>

#include "hepar/figures/picture.h"

namespace hepar {

struct PictureColour {
  double red, green, blue;  // 0 to 1
};

enum class Dash { kNone, kShort, kLong };
struct LineStyle {
  PictureColour colour;
  double width;  // pixels
  Dash dash = Dash::kNone;
};

struct PictureArea {
  double left, top, width, height;  // pixels
  double right() const { return left + width; }
  double bottom() const { return top + height; }
};

// A picture in the making.
class Canvas {
 public:
  Canvas(PictureFormat format, int width, int height, PictureColour paper);

  cairo_t* cairo() const { return cairo_.get(); }
  PictureArea area() const { return area_; }
  std::string finish();  // the bytes of the file

 private:
  struct Deleter {
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
    void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
  };
  PictureFormat format_;
  PictureArea area_;
  std::string bytes_;                       // grows when the file is made
  std::unique_ptr<std::string> svg_texts_;  // none for pixels; show_text finds it by the surface
  std::unique_ptr<cairo_surface_t, Deleter> surface_;
  std::unique_ptr<cairo_t, Deleter> cairo_;
};

void set_colour(cairo_t* cairo, PictureColour colour, double alpha = 1);
void set_line(cairo_t* cairo, const LineStyle& style);
void draw_line(cairo_t* cairo, double x0, double y0, double x1, double y1);

// Text that begins at (x, y), its base line. In an SVG it is text, on top of all else. Bytes that are no
// UTF-8 show as question marks.
void show_text(cairo_t* cairo, double x, double y, const std::string& text);
double text_width(cairo_t* cairo, const std::string& text);

// The text, or so much of its beginning and end around "..." that it is no wider; names of cases differ at
// the end.
std::string shortened(cairo_t* cairo, const std::string& text, double width);

}  // namespace hepar
