// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "hepar/figures/axis.h"
#include "hepar/figures/canvas.h"
#include "hepar/figures/panel.h"

namespace hepar {

inline constexpr int kChartWidth = 760, kChartHeight = 480;

// Colours that people with a colour vision deficiency can tell apart: Okabe & Ito, "Color universal design",
// 2008, without black and yellow.
inline constexpr std::array<PictureColour, 6> kSeriesColours{{{0, 114 / 255.0, 178 / 255.0},
                                                              {213 / 255.0, 94 / 255.0, 0},
                                                              {0, 158 / 255.0, 115 / 255.0},
                                                              {204 / 255.0, 121 / 255.0, 167 / 255.0},
                                                              {230 / 255.0, 159 / 255.0, 0},
                                                              {86 / 255.0, 180 / 255.0, 233 / 255.0}}};
// How the n-th series is drawn: solid in the first round of colours, dashed in the next.
LineStyle series_line(std::size_t n);

struct ChartText {
  std::string title, x_label, y_label;
};

// The field of a plot: white, framed, with grid, numbers and lettering of 12 pixels. What is drawn into it
// takes its pixels from x() and y().
class Chart {
 public:
  Chart(Canvas& canvas, Axis x_axis, Axis y_axis)
      : canvas_(canvas), x_axis_(std::move(x_axis)), y_axis_(std::move(y_axis)) {}

  double x(double value) const;
  double y(double value) const;
  // Background, grid, axes and lettering.
  void draw(const ChartText& text) const;
  // One line above the field: the names of the series in their colours.
  void draw_legend(const std::vector<std::string>& names) const;

 private:
  void draw_ticks() const;
  double right() const;
  double bottom() const;
  Canvas& canvas_;
  Axis x_axis_, y_axis_;
};

}  // namespace hepar
