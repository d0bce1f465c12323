// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/panel.h"

#include <algorithm>
#include <array>
#include <memory>

#include "hepar/figures/outline.h"

namespace hepar {
namespace {

constexpr double kWindowLowHu = -160, kWindowHighHu = 240;
constexpr double kScaleBarMm = 50;

struct SurfaceDeleter {
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
};

// Linear interpolation at plane pixel coordinates; beyond the border the nearest pixel.
double sample(const AxialPlane<float>& plane, double x, double y) {
  const double u = std::clamp(x - 0.5, 0.0, static_cast<double>(plane.width - 1));
  const double v = std::clamp(y - 0.5, 0.0, static_cast<double>(plane.height - 1));
  const auto x0 = static_cast<std::int64_t>(u), y0 = static_cast<std::int64_t>(v);
  const std::int64_t x1 = std::min(x0 + 1, plane.width - 1), y1 = std::min(y0 + 1, plane.height - 1);
  const double s = u - static_cast<double>(x0), t = v - static_cast<double>(y0);
  const double above =
      (1 - s) * static_cast<double>(plane.at(x0, y0)) + s * static_cast<double>(plane.at(x1, y0));
  const double below =
      (1 - s) * static_cast<double>(plane.at(x0, y1)) + s * static_cast<double>(plane.at(x1, y1));
  return (1 - t) * above + t * below;
}

void draw_grey(cairo_t* cairo, const PanelContent& content, const Viewport& viewport) {
  const int width = viewport.width_pixels(), height = viewport.height_pixels();
  const std::unique_ptr<cairo_surface_t, SurfaceDeleter> surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height));
  unsigned char* bytes = cairo_image_surface_get_data(surface.get());
  const int stride = cairo_image_surface_get_stride(surface.get());
  for (int row = 0; row < height; ++row) {
    auto* pixels = reinterpret_cast<std::uint32_t*>(bytes + static_cast<std::ptrdiff_t>(row) * stride);
    const double y_mm = viewport.top_mm + (row + 0.5) / viewport.pixels_per_mm;
    for (int column = 0; column < width; ++column) {
      const double x_mm = viewport.left_mm + (column + 0.5) / viewport.pixels_per_mm;
      const double hu = sample(content.ct, x_mm / content.pixel_width_mm, y_mm / content.pixel_height_mm);
      const double grey = std::clamp((hu - kWindowLowHu) / (kWindowHighHu - kWindowLowHu), 0.0, 1.0);
      pixels[column] = static_cast<std::uint32_t>(std::lround(255 * grey)) * 0x010101U;
    }
  }
  cairo_surface_mark_dirty(surface.get());
  cairo_set_source_surface(cairo, surface.get(), 0, 0);
  cairo_rectangle(cairo, 0, 0, width, height);
  cairo_fill(cairo);
}

// Draws outlines of one plane of labels at their place in the panel.
class OutlinePen {
 public:
  OutlinePen(cairo_t* cairo, const PanelContent& content, const Viewport& viewport)
      : cairo_(cairo), content_(content), viewport_(viewport) {}

  void draw(const AxialPlane<std::uint8_t>& labels, const std::function<bool(std::uint8_t)>& inside,
            const LineStyle& style) const {
    for (const PlaneLoop& loop : outline(labels, inside)) {
      cairo_new_sub_path(cairo_);  // else the first point joins the loop before
      for (const PlanePoint point : loop) {
        cairo_line_to(cairo_,
                      (point.x * content_.pixel_width_mm - viewport_.left_mm) * viewport_.pixels_per_mm,
                      (point.y * content_.pixel_height_mm - viewport_.top_mm) * viewport_.pixels_per_mm);
      }
      cairo_close_path(cairo_);
    }
    set_line(cairo_, style);
    cairo_stroke(cairo_);
  }

 private:
  cairo_t* cairo_;
  const PanelContent& content_;
  const Viewport& viewport_;
};

void draw_outlines(cairo_t* cairo, const PanelContent& content, const Viewport& viewport) {
  const OutlinePen pen(cairo, content, viewport);
  const auto is = [](std::uint8_t wanted) {
    return [wanted](std::uint8_t label) { return label == wanted; };
  };
  const auto& liver = content.after.pixels;
  if (std::find(liver.begin(), liver.end(), kLiver) != liver.end()) {
    pen.draw(
        content.after, [](std::uint8_t label) { return label != kBackground; }, kLiverLine);
  }
  if (content.reference) pen.draw(*content.reference, is(kTumour), kReferenceLine);
  pen.draw(content.before, is(kTumour), kBeforeLine);  // the widest: still seen where `after` covers it
  pen.draw(content.after, is(kCyst), kCystLine);
  pen.draw(content.after, is(kTumour), kAfterLine);
}

// Four corners around the lesion that the panel is about.
void draw_mark(cairo_t* cairo, const PanelMark& mark, const Viewport& viewport) {
  const double x = (mark.x_mm - viewport.left_mm) * viewport.pixels_per_mm;
  const double y = (mark.y_mm - viewport.top_mm) * viewport.pixels_per_mm;
  const double half = mark.radius_mm * viewport.pixels_per_mm + 9;
  const double arm = std::min(8.0, half / 2);
  for (const double sx : {-1.0, 1.0}) {
    for (const double sy : {-1.0, 1.0}) {
      cairo_move_to(cairo, x + sx * (half - arm), y + sy * half);
      cairo_line_to(cairo, x + sx * half, y + sy * half);
      cairo_line_to(cairo, x + sx * half, y + sy * (half - arm));
    }
  }
  set_line(cairo, {kTextColour, 1.2, false});
  cairo_stroke(cairo);
}

// Text in light colour with a dark rim, so that it can be read on bone and on air.
void draw_rimmed_text(cairo_t* cairo, double x, double y, const char* text) {
  cairo_move_to(cairo, x, y);
  cairo_text_path(cairo, text);
  set_line(cairo, {kRimColour, 3, false});
  cairo_stroke_preserve(cairo);
  set_colour(cairo, kTextColour);
  cairo_fill(cairo);
}

void draw_sides_and_scale(cairo_t* cairo, const Viewport& viewport) {
  const double width = viewport.width_pixels(), height = viewport.height_pixels();
  cairo_set_font_size(cairo, 14);
  draw_rimmed_text(cairo, 7, height / 2 + 5, "R");
  draw_rimmed_text(cairo, width - 16, height / 2 + 5, "L");
  const double bar = kScaleBarMm * viewport.pixels_per_mm;
  cairo_rectangle(cairo, width - 12 - bar, height - 12, bar, 3);
  set_line(cairo, {kRimColour, 3, false});
  cairo_stroke_preserve(cairo);
  set_colour(cairo, kTextColour);
  cairo_fill(cairo);
  cairo_set_font_size(cairo, 12);
  draw_rimmed_text(cairo, width - 12 - bar, height - 18, "50 mm");
}

}  // namespace

void set_colour(cairo_t* cairo, PictureColour colour, double alpha) {
  cairo_set_source_rgba(cairo, colour.red, colour.green, colour.blue, alpha);
}

void set_line(cairo_t* cairo, const LineStyle& style) {
  constexpr std::array kDash{5.0, 4.0};
  set_colour(cairo, style.colour);
  cairo_set_line_width(cairo, style.width);
  cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
  cairo_set_dash(cairo, kDash.data(), style.dashed ? static_cast<int>(kDash.size()) : 0, 0);
}

void draw_panel(cairo_t* cairo, const PanelContent& content, const Viewport& viewport) {
  cairo_save(cairo);
  cairo_rectangle(cairo, 0, 0, viewport.width_pixels(), viewport.height_pixels());
  cairo_clip(cairo);
  draw_grey(cairo, content, viewport);
  draw_outlines(cairo, content, viewport);
  if (content.mark) draw_mark(cairo, *content.mark, viewport);
  draw_sides_and_scale(cairo, viewport);
  cairo_restore(cairo);
}

}  // namespace hepar
