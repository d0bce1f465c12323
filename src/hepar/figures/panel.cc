// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/panel.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "hepar/figures/jpeg.h"
#include "hepar/figures/outline.h"
#include "hepar/figures/window.h"

namespace hepar {
namespace {

constexpr double kScaleBarMm = 50;
constexpr int kJpegQuality = 80;

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

// An SVG then holds the pixels as a JPEG, a fraction of the PNG that noise makes large.
void attach_jpeg(cairo_surface_t* surface, const std::vector<std::uint8_t>& grey, int width, int height) {
  auto jpeg = std::make_unique<std::string>(encode_jpeg(grey, width, height, kJpegQuality));
  const auto* bytes = reinterpret_cast<const unsigned char*>(jpeg->data());
  const auto remove = [](void* string) { delete static_cast<std::string*>(string); };
  const cairo_status_t status =
      cairo_surface_set_mime_data(surface, CAIRO_MIME_TYPE_JPEG, bytes, jpeg->size(), remove, jpeg.get());
  if (status == CAIRO_STATUS_SUCCESS) jpeg.release();
}

// Draws the parts of one panel.
class PanelPainter {
 public:
  PanelPainter(cairo_t* cairo, const SlicePanel& panel, PanelScale scale)
      : cairo_(cairo),
        panel_(panel),
        scale_(scale),
        width_(scale.pixels(panel.view.width_mm)),
        height_(scale.pixels(panel.view.height_mm)) {}

  void draw() const {
    cairo_rectangle(cairo_, 0, 0, width_, height_);
    cairo_clip(cairo_);
    draw_grey();
    draw_outlines();
    if (panel_.mark) draw_mark(*panel_.mark);
    draw_sides_and_scale();
  }

 private:
  double x(double plane_mm) const { return (plane_mm - panel_.view.left_mm) * scale_.pixels_per_mm; }
  double y(double plane_mm) const { return (plane_mm - panel_.view.top_mm) * scale_.pixels_per_mm; }
  void draw_grey() const;
  void draw_outline(const AxialPlane<std::uint8_t>& labels, const std::function<bool(std::uint8_t)>& inside,
                    const LineStyle& style) const;
  void draw_outlines() const;
  void draw_mark(const PlaneMark& mark) const;
  void draw_sides_and_scale() const;

  cairo_t* cairo_;
  const SlicePanel& panel_;
  PanelScale scale_;
  int width_, height_;
};

void PanelPainter::draw_grey() const {
  const std::unique_ptr<cairo_surface_t, SurfaceDeleter> surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, width_, height_));
  unsigned char* bytes = cairo_image_surface_get_data(surface.get());
  const int stride = cairo_image_surface_get_stride(surface.get());
  std::vector<std::uint8_t> grey;
  grey.reserve(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_));
  for (int row = 0; row < height_; ++row) {
    auto* pixels = reinterpret_cast<std::uint32_t*>(bytes + static_cast<std::ptrdiff_t>(row) * stride);
    const double y_mm = panel_.view.top_mm + (row + 0.5) / scale_.pixels_per_mm;
    for (int column = 0; column < width_; ++column) {
      const double x_mm = panel_.view.left_mm + (column + 0.5) / scale_.pixels_per_mm;
      const double hu = sample(panel_.ct, x_mm / panel_.pixel_width_mm, y_mm / panel_.pixel_height_mm);
      grey.push_back(grey_level(hu, kWindowLowHu, kWindowHighHu));
      pixels[column] = grey.back() * 0x010101U;
    }
  }
  cairo_surface_mark_dirty(surface.get());
  if (cairo_surface_get_type(cairo_get_target(cairo_)) == CAIRO_SURFACE_TYPE_SVG) {
    attach_jpeg(surface.get(), grey, width_, height_);
  }
  cairo_set_source_surface(cairo_, surface.get(), 0, 0);
  cairo_rectangle(cairo_, 0, 0, width_, height_);
  cairo_fill(cairo_);
}

void PanelPainter::draw_outline(const AxialPlane<std::uint8_t>& labels,
                                const std::function<bool(std::uint8_t)>& inside,
                                const LineStyle& style) const {
  for (const PlaneLoop& loop : outline(labels, inside)) {
    cairo_new_sub_path(cairo_);  // else the first point joins the loop before
    for (const PlanePoint point : loop) {
      cairo_line_to(cairo_, x(point.x * panel_.pixel_width_mm), y(point.y * panel_.pixel_height_mm));
    }
    cairo_close_path(cairo_);
  }
  set_line(cairo_, style);
  cairo_stroke(cairo_);
}

void PanelPainter::draw_outlines() const {
  const auto is = [](std::uint8_t wanted) {
    return [wanted](std::uint8_t label) { return label == wanted; };
  };
  const AxialPlane<std::uint8_t>& last = panel_.after ? *panel_.after : panel_.before;
  if (std::find(last.pixels.begin(), last.pixels.end(), kLiver) != last.pixels.end()) {
    draw_outline(
        last, [](std::uint8_t label) { return label != kBackground; }, kLiverLine);
  }
  draw_outline(panel_.before, is(kTumour), kBeforeLine);  // the widest: still seen where others cover it
  draw_outline(last, is(kCyst), kCystLine);
  if (panel_.after) draw_outline(*panel_.after, is(kTumour), kAfterLine);
  if (panel_.reference) draw_outline(*panel_.reference, is(kTumour), kReferenceLine);
}

void PanelPainter::draw_mark(const PlaneMark& mark) const {
  const double half = mark.radius_mm * scale_.pixels_per_mm + 9;
  const double arm = std::min(8.0, half / 2);
  for (const double sx : {-1.0, 1.0}) {
    for (const double sy : {-1.0, 1.0}) {
      cairo_move_to(cairo_, x(mark.x_mm) + sx * (half - arm), y(mark.y_mm) + sy * half);
      cairo_line_to(cairo_, x(mark.x_mm) + sx * half, y(mark.y_mm) + sy * half);
      cairo_line_to(cairo_, x(mark.x_mm) + sx * half, y(mark.y_mm) + sy * (half - arm));
    }
  }
  set_line(cairo_, {kTextColour, 1.2});
  cairo_stroke(cairo_);
}

// Text in light colour with a dark rim, so that it can be read on bone and on air.
void draw_rimmed_text(cairo_t* cairo, double x, double y, const char* text) {
  cairo_move_to(cairo, x, y);
  cairo_text_path(cairo, text);
  set_line(cairo, {kRimColour, 3});
  cairo_stroke_preserve(cairo);
  set_colour(cairo, kTextColour);
  cairo_fill(cairo);
}

void PanelPainter::draw_sides_and_scale() const {
  cairo_set_font_size(cairo_, 14);
  draw_rimmed_text(cairo_, 7, height_ / 2.0 + 5, "R");
  draw_rimmed_text(cairo_, width_ - 16, height_ / 2.0 + 5, "L");
  const double bar = kScaleBarMm * scale_.pixels_per_mm;
  cairo_rectangle(cairo_, width_ - 12 - bar, height_ - 12, bar, 3);
  set_line(cairo_, {kRimColour, 3});
  cairo_stroke_preserve(cairo_);
  set_colour(cairo_, kTextColour);
  cairo_fill(cairo_);
  cairo_set_font_size(cairo_, 12);
  draw_rimmed_text(cairo_, width_ - 12 - bar, height_ - 18, "50 mm");
}

}  // namespace

PlaneRange fit_range(PlaneRange range, double smallest_mm, double limit_mm) {
  const double missing = std::max(0.0, smallest_mm - (range.high_mm - range.low_mm));
  range = {range.low_mm - missing / 2, range.high_mm + missing / 2};
  const double length = std::min(range.high_mm - range.low_mm, limit_mm);
  range.low_mm = std::clamp(range.low_mm, 0.0, limit_mm - length);
  return {range.low_mm, range.low_mm + length};
}

void draw_panel(cairo_t* cairo, const SlicePanel& panel, PanelScale scale) {
  cairo_save(cairo);
  PanelPainter(cairo, panel, scale).draw();
  cairo_restore(cairo);
}

}  // namespace hepar
