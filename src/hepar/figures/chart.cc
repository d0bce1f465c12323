// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/chart.h"

#include <numbers>

namespace hepar {
namespace {

constexpr double kLeft = 76, kTop = 66, kRightMargin = 24, kBottomMargin = 56;  // pixels
constexpr double kFontSize = 12, kTitleSize = 15;
constexpr PictureColour kPaper{1, 1, 1}, kInk{0.15, 0.16, 0.18}, kGrid{0.84, 0.85, 0.87},
    kFineGrid{0.94, 0.945, 0.95};

void draw_line(cairo_t* cairo, double x0, double y0, double x1, double y1) {
  cairo_move_to(cairo, x0, y0);
  cairo_line_to(cairo, x1, y1);
  cairo_stroke(cairo);
}

}  // namespace

LineStyle series_line(std::size_t n) {
  const std::size_t colours = kSeriesColours.size();
  return {kSeriesColours[n % colours], 2.0, n / colours % 2 == 1};
}

double Chart::right() const { return canvas_.width() - kRightMargin; }
double Chart::bottom() const { return canvas_.height() - kBottomMargin; }
double Chart::x(double value) const { return kLeft + x_axis_.share(value) * (right() - kLeft); }
double Chart::y(double value) const { return bottom() - y_axis_.share(value) * (bottom() - kTop); }

void Chart::draw_ticks() const {
  cairo_t* cairo = canvas_.cairo();
  for (const bool fine : {true, false}) {
    set_line(cairo, {fine ? kFineGrid : kGrid, 1, false});
    for (const AxisTick& tick : x_axis_.ticks()) {
      if (tick.label.empty() == fine) draw_line(cairo, x(tick.value), kTop, x(tick.value), bottom());
    }
    for (const AxisTick& tick : y_axis_.ticks()) {
      if (tick.label.empty() == fine) draw_line(cairo, kLeft, y(tick.value), right(), y(tick.value));
    }
  }
  set_colour(cairo, kInk);
  for (const AxisTick& tick : x_axis_.ticks()) {
    show_text(cairo, x(tick.value) - text_width(cairo, tick.label) / 2, bottom() + 18, tick.label);
  }
  for (const AxisTick& tick : y_axis_.ticks()) {
    show_text(cairo, kLeft - 8 - text_width(cairo, tick.label), y(tick.value) + 4, tick.label);
  }
}

void Chart::draw(const ChartText& text) const {
  cairo_t* cairo = canvas_.cairo();
  set_colour(cairo, kPaper);
  cairo_paint(cairo);
  set_colour(cairo, kInk);
  cairo_set_font_size(cairo, kTitleSize);
  show_text(cairo, kLeft, 26, text.title);
  cairo_set_font_size(cairo, kFontSize);
  draw_ticks();
  set_line(cairo, {kInk, 1, false});
  cairo_rectangle(cairo, kLeft, kTop, right() - kLeft, bottom() - kTop);
  cairo_stroke(cairo);
  show_text(cairo, (kLeft + right() - text_width(cairo, text.x_label)) / 2, bottom() + 42, text.x_label);
  cairo_save(cairo);
  cairo_translate(cairo, 20, (kTop + bottom() + text_width(cairo, text.y_label)) / 2);
  cairo_rotate(cairo, -std::numbers::pi / 2);
  show_text(cairo, 0, 0, text.y_label);
  cairo_restore(cairo);
}

void Chart::draw_legend(const std::vector<std::string>& names) const {
  cairo_t* cairo = canvas_.cairo();
  double left = kLeft;
  for (std::size_t n = 0; n < names.size(); ++n) {
    set_line(cairo, series_line(n));
    draw_line(cairo, left, 48, left + 22, 48);
    set_colour(cairo, kInk);
    show_text(cairo, left + 28, 52, names[n]);
    left += 28 + text_width(cairo, names[n]) + 20;
  }
}

}  // namespace hepar
