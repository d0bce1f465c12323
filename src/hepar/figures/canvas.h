// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cairo.h>

#include <filesystem>
#include <memory>
#include <string>

namespace hepar {

// A picture in the making. Its file appears whole or not at all, with save().
class Canvas {
 public:
  // The suffix of `path` chooses: .png (pixels) or .svg (lines; lettering becomes outlines too).
  // Error(kInvalidInput) for another one.
  Canvas(std::filesystem::path path, int width, int height);

  cairo_t* cairo() const { return cairo_.get(); }
  int width() const { return width_; }
  int height() const { return height_; }
  void save();  // errors of AtomicFile

 private:
  struct Deleter {
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
    void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
  };
  std::filesystem::path path_;
  int width_, height_;
  std::string bytes_;  // grows when an SVG is finished
  std::unique_ptr<cairo_surface_t, Deleter> surface_;
  std::unique_ptr<cairo_t, Deleter> cairo_;
};

// Text that begins at (x, y), its base line.
void show_text(cairo_t* cairo, double x, double y, const std::string& text);
double text_width(cairo_t* cairo, const std::string& text);

}  // namespace hepar
