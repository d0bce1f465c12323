// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/canvas.h"

#include <cairo-svg.h>
#include <fmt/format.h>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace {

cairo_status_t append_bytes(void* closure, const unsigned char* data, unsigned int length) {
  static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

void expect_success(cairo_status_t status) {
  HEPAR_EXPECT(status == CAIRO_STATUS_SUCCESS, fmt::format("Cairo: {}", cairo_status_to_string(status)));
}

}  // namespace

Canvas::Canvas(std::filesystem::path path, int width, int height)
    : path_(std::move(path)), width_(width), height_(height) {
  if (path_.extension() == ".png") {
    surface_.reset(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height));
  } else if (path_.extension() == ".svg") {
    surface_.reset(cairo_svg_surface_create_for_stream(append_bytes, &bytes_, width, height));
    cairo_svg_surface_set_document_unit(surface_.get(), CAIRO_SVG_UNIT_PX);
  } else {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("a picture is .png or .svg, not {}", path_.filename().string()));
  }
  cairo_.reset(cairo_create(surface_.get()));
  expect_success(cairo_status(cairo_.get()));
  cairo_select_font_face(cairo_.get(), "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
}

void Canvas::save() {
  expect_success(cairo_status(cairo_.get()));
  if (path_.extension() == ".png") {
    bytes_.clear();
    expect_success(cairo_surface_write_to_png_stream(surface_.get(), append_bytes, &bytes_));
  } else {
    cairo_surface_finish(surface_.get());
    expect_success(cairo_surface_status(surface_.get()));
  }
  write_text_file(path_, bytes_);
}

void show_text(cairo_t* cairo, double x, double y, const std::string& text) {
  cairo_move_to(cairo, x, y);
  cairo_show_text(cairo, text.c_str());
  cairo_new_path(cairo);  // else the next line begins at the end of the text
}

double text_width(cairo_t* cairo, const std::string& text) {
  cairo_text_extents_t extents;
  cairo_text_extents(cairo, text.c_str(), &extents);
  return extents.x_advance;
}

}  // namespace hepar
