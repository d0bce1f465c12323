// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hepar/figures/axis.h"
#include "hepar/figures/canvas.h"
#include "hepar/figures/series.h"

namespace hepar {

inline constexpr int kChartWidth = 760, kChartHeight = 480;
inline constexpr PictureColour kPaper{1, 1, 1}, kInk{0.15, 0.16, 0.18}, kPaleInk{0.42, 0.43, 0.46};
inline constexpr double kChartFontSize = 12, kChartTitleSize = 15;  // pixels
// Between a chart's field and its area when its lettering is short.
inline constexpr double kChartLeft = 76, kChartRight = 24, kChartTop = 66, kChartBottom = 56;

struct ChartText {
  std::string title, x_label, y_label;
  std::string note;                 // a line in pale ink below the title, or
  std::vector<LegendEntry> legend;  // ... the series
};

// The field of a plot: framed, with grid, numbers and lettering of 12 pixels. The margins grow with the
// lettering: long names on the x axis are turned by 45 degrees, too long ones lose their middle. What is
// drawn into the field takes its pixels from x() and y().
class Chart {
 public:
  // Within `area` of the canvas, with `right_margin` pixels kept free for the caller.
  Chart(Canvas& canvas, const PictureArea& area, Axis x_axis, Axis y_axis, ChartText text,
        double right_margin = kChartRight);
  Chart(Canvas& canvas, Axis x_axis, Axis y_axis, ChartText text)
      : Chart(canvas, canvas.area(), std::move(x_axis), std::move(y_axis), std::move(text)) {}

  const PictureArea& field() const { return field_; }
  double x(double value) const { return field_.left + x_axis_.share(value) * field_.width; }
  double y(double value) const { return field_.bottom() - y_axis_.share(value) * field_.height; }
  void draw() const;  // grid, axes and lettering

 private:
  void place_field(double right_margin);
  bool x_labels_collide() const;
  double widest_label(const Axis& axis) const;
  void draw_grid() const;
  void draw_x_labels() const;
  void draw_y_labels() const;
  void draw_header() const;
  void draw_axis_names() const;

  cairo_t* cairo_;
  PictureArea area_, field_{};
  Axis x_axis_, y_axis_;
  ChartText text_;
  bool turned_ = false;
};

}  // namespace hepar
