// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/canvas.h"

#include <cairo-svg.h>
#include <fmt/format.h>

#include <array>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/figures/svg.h"

namespace hepar {
namespace {

cairo_status_t append_bytes(void* closure, const unsigned char* data, unsigned int length) {
  static_cast<std::string*>(closure)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

constexpr cairo_user_data_key_t kSvgTexts{};

void expect_success(cairo_status_t status) {
  HEPAR_EXPECT(status == CAIRO_STATUS_SUCCESS, fmt::format("Cairo: {}", cairo_status_to_string(status)));
}

// Length of the character that begins at `at`, by its first byte; 0 when the bytes are no UTF-8. Overlong
// forms and surrogates pass, as they do in Cairo.
std::size_t character_length(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t n) { return static_cast<unsigned char>(n < text.size() ? text[n] : 0); };
  const unsigned char first = byte(at);
  const std::size_t length = first < 0x80                     ? 1
                             : first >= 0xC2 && first <= 0xDF ? 2
                             : first >= 0xE0 && first <= 0xEF ? 3
                             : first >= 0xF0 && first <= 0xF4 ? 4
                                                              : 0;
  for (std::size_t n = 1; n < length; ++n) {
    if ((byte(at + n) & 0xC0) != 0x80) return 0;
  }
  return length;
}

std::vector<std::string> characters(const std::string& text) {
  std::vector<std::string> found;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = character_length(text, at);
    found.push_back(length == 0 ? "?" : text.substr(at, length));
    at += std::max<std::size_t>(length, 1);
  }
  return found;
}

std::string legible(const std::string& text) {
  std::string joined;
  for (const std::string& character : characters(text)) joined += character;
  return joined;
}

}  // namespace

PictureFormat picture_format(const std::filesystem::path& path) {
  if (path.extension() == ".png") return PictureFormat::kPng;
  if (path.extension() == ".svg") return PictureFormat::kSvg;
  throw Error(ErrorCode::kInvalidInput,
              fmt::format("a picture is .png or .svg, not {}", path.filename().string()));
}

Canvas::Canvas(PictureFormat format, int width, int height, PictureColour paper)
    : format_(format), area_{0, 0, static_cast<double>(width), static_cast<double>(height)} {
  const int scale = format == PictureFormat::kPngDouble ? 2 : 1;
  if (format == PictureFormat::kSvg) {
    surface_.reset(cairo_svg_surface_create_for_stream(append_bytes, &bytes_, width, height));
    cairo_svg_surface_set_document_unit(surface_.get(), CAIRO_SVG_UNIT_PX);
    svg_texts_ = std::make_unique<std::string>();
    expect_success(cairo_surface_set_user_data(surface_.get(), &kSvgTexts, svg_texts_.get(), nullptr));
  } else {
    surface_.reset(cairo_image_surface_create(CAIRO_FORMAT_RGB24, scale * width, scale * height));
  }
  cairo_.reset(cairo_create(surface_.get()));
  expect_success(cairo_status(cairo_.get()));
  cairo_scale(cairo_.get(), scale, scale);
  cairo_select_font_face(cairo_.get(), "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  set_colour(cairo_.get(), paper);
  cairo_paint(cairo_.get());
}

std::string Canvas::finish() {
  expect_success(cairo_status(cairo_.get()));
  if (format_ == PictureFormat::kSvg) {
    cairo_surface_finish(surface_.get());
    expect_success(cairo_surface_status(surface_.get()));
    return finished_svg(bytes_, *svg_texts_);
  }
  expect_success(cairo_surface_write_to_png_stream(surface_.get(), append_bytes, &bytes_));
  return std::move(bytes_);
}

void set_colour(cairo_t* cairo, PictureColour colour, double alpha) {
  cairo_set_source_rgba(cairo, colour.red, colour.green, colour.blue, alpha);
}

void set_line(cairo_t* cairo, const LineStyle& style) {
  constexpr std::array kShort{5.0, 4.0}, kLong{11.0, 3.0};
  set_colour(cairo, style.colour);
  cairo_set_line_width(cairo, style.width);
  cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
  const auto& dash = style.dash == Dash::kLong ? kLong : kShort;
  cairo_set_dash(cairo, dash.data(), style.dash == Dash::kNone ? 0 : static_cast<int>(dash.size()), 0);
}

void draw_line(cairo_t* cairo, double x0, double y0, double x1, double y1) {
  cairo_move_to(cairo, x0, y0);
  cairo_line_to(cairo, x1, y1);
  cairo_stroke(cairo);
}

void show_text(cairo_t* cairo, double x, double y, const std::string& text) {
  if (void* texts = cairo_surface_get_user_data(cairo_get_target(cairo), &kSvgTexts)) {
    *static_cast<std::string*>(texts) += svg_text(cairo, x, y, legible(text));
    return;
  }
  cairo_move_to(cairo, x, y);
  cairo_show_text(cairo, legible(text).c_str());
  cairo_new_path(cairo);  // else the next line begins at the end of the text
}

double text_width(cairo_t* cairo, const std::string& text) {
  cairo_text_extents_t extents;
  cairo_text_extents(cairo, legible(text).c_str(), &extents);
  return extents.x_advance;
}

std::string shortened(cairo_t* cairo, const std::string& text, double width) {
  if (text_width(cairo, text) <= width) return text;
  const std::vector<std::string> all = characters(text);
  for (std::size_t kept = all.size(); kept-- > 0;) {
    std::string shorter;
    for (std::size_t n = 0; n < (kept + 1) / 2; ++n) shorter += all[n];
    shorter += "...";
    for (std::size_t n = all.size() - kept / 2; n < all.size(); ++n) shorter += all[n];
    if (text_width(cairo, shorter) <= width) return shorter;
  }
  return "";
}

}  // namespace hepar
