// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/chart.h"

#include <algorithm>
#include <numbers>

namespace hepar {
namespace {

constexpr PictureColour kGrid{0.84, 0.85, 0.87}, kFineGrid{0.94, 0.945, 0.95};
constexpr double kYLabelMargin = 36;    // the y label and the gaps beside the numbers
constexpr double kLongestYLabel = 190;  // pixels
constexpr double kLongestTurnedLabel = 180;
constexpr double kXLabelHeight = 22;
constexpr double kSine45 = std::numbers::sqrt2 / 2;

}  // namespace

Chart::Chart(Canvas& canvas, const PictureArea& area, Axis x_axis, Axis y_axis, ChartText text,
             double right_margin)
    : cairo_(canvas.cairo()),
      area_(area),
      x_axis_(std::move(x_axis)),
      y_axis_(std::move(y_axis)),
      text_(std::move(text)) {
  cairo_set_font_size(cairo_, kChartFontSize);
  place_field(right_margin);
}

void Chart::place_field(double right_margin) {
  field_.left =
      area_.left + std::max(kChartLeft, kYLabelMargin + std::min(widest_label(y_axis_), kLongestYLabel));
  field_.width = area_.right() - right_margin - field_.left;
  const int more_lines = std::max(0, legend_lines(cairo_, field_.width, text_.legend) - 1);
  field_.top = area_.top + kChartTop + more_lines * kLegendLineHeight;
  turned_ = x_labels_collide();
  const double depth = turned_ ? kSine45 * std::min(widest_label(x_axis_), kLongestTurnedLabel) : 0.0;
  const double x_name = text_.x_label.empty() ? 0 : kXLabelHeight;
  field_.height = area_.bottom() - (kChartBottom - kXLabelHeight) - x_name - depth - field_.top;
}

double Chart::widest_label(const Axis& axis) const {
  double widest = 0;
  for (const AxisTick& tick : axis.ticks()) widest = std::max(widest, text_width(cairo_, tick.label));
  return widest;
}

bool Chart::x_labels_collide() const {
  constexpr double kLeastGap = 8;
  double end = -1e9;
  for (const AxisTick& tick : x_axis_.ticks()) {
    if (tick.label.empty()) continue;
    const double half = text_width(cairo_, tick.label) / 2;
    if (x(tick.value) - half < end + kLeastGap) return true;
    end = x(tick.value) + half;
  }
  return false;
}

void Chart::draw_grid() const {
  for (const bool fine : {true, false}) {
    set_line(cairo_, {fine ? kFineGrid : kGrid, 1});
    for (const AxisTick& tick : x_axis_.ticks()) {
      if (!x_axis_.has_grid() || tick.label.empty() != fine) continue;
      draw_line(cairo_, x(tick.value), field_.top, x(tick.value), field_.bottom());
    }
    for (const AxisTick& tick : y_axis_.ticks()) {
      if (!y_axis_.has_grid() || tick.label.empty() != fine) continue;
      draw_line(cairo_, field_.left, y(tick.value), field_.right(), y(tick.value));
    }
  }
}

void Chart::draw_x_labels() const {
  for (const AxisTick& tick : x_axis_.ticks()) {
    if (!turned_) {
      show_text(cairo_, x(tick.value) - text_width(cairo_, tick.label) / 2, field_.bottom() + 18, tick.label);
      continue;
    }
    // The end of the name lies below its place, its beginning to the lower left, within the canvas.
    const double room = std::min(kLongestTurnedLabel, (x(tick.value) - 6) / kSine45);
    const std::string label = shortened(cairo_, tick.label, room);
    cairo_save(cairo_);
    cairo_translate(cairo_, x(tick.value) + 4, field_.bottom() + 14);
    cairo_rotate(cairo_, -std::numbers::pi / 4);
    show_text(cairo_, -text_width(cairo_, label), 0, label);
    cairo_restore(cairo_);
  }
}

void Chart::draw_y_labels() const {
  for (const AxisTick& tick : y_axis_.ticks()) {
    const std::string label = shortened(cairo_, tick.label, kLongestYLabel);
    show_text(cairo_, field_.left - 8 - text_width(cairo_, label), y(tick.value) + 4, label);
  }
}

void Chart::draw_header() const {
  cairo_set_font_size(cairo_, kChartTitleSize);
  set_colour(cairo_, kInk);
  show_text(cairo_, field_.left, area_.top + 26, shortened(cairo_, text_.title, field_.width));
  cairo_set_font_size(cairo_, kChartFontSize);
  set_colour(cairo_, kPaleInk);
  show_text(cairo_, field_.left, area_.top + 52, shortened(cairo_, text_.note, field_.width));
  draw_legend(cairo_, field_.left, area_.top + 52.5, field_.width, text_.legend, kInk);
}

void Chart::draw_axis_names() const {
  const std::string x_label = shortened(cairo_, text_.x_label, field_.width);
  show_text(cairo_, field_.left + (field_.width - text_width(cairo_, x_label)) / 2, area_.bottom() - 14,
            x_label);
  const std::string y_label = shortened(cairo_, text_.y_label, field_.height);
  cairo_save(cairo_);
  cairo_translate(cairo_, area_.left + 20, field_.top + (field_.height + text_width(cairo_, y_label)) / 2);
  cairo_rotate(cairo_, -std::numbers::pi / 2);
  show_text(cairo_, 0, 0, y_label);
  cairo_restore(cairo_);
}

void Chart::draw() const {
  draw_header();
  draw_grid();
  set_colour(cairo_, kInk);
  draw_x_labels();
  draw_y_labels();
  draw_axis_names();
  set_line(cairo_, {kInk, 1});
  cairo_rectangle(cairo_, field_.left, field_.top, field_.width, field_.height);
  cairo_stroke(cairo_);
}

}  // namespace hepar
