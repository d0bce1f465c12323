// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/line_plot.h"

#include <algorithm>
#include <numbers>

#include "hepar/core/error.h"
#include "hepar/figures/chart.h"

namespace hepar {
namespace {

Axis make_axis(const LinePlot& plot, double PlotPoint::*part, bool logarithmic) {
  std::vector<double> values;
  for (const PlotSeries& series : plot.series) {
    for (const PlotPoint& point : series.points) values.push_back(point.*part);
  }
  if (values.empty()) throw Error(ErrorCode::kInvalidInput, "a plot without a point can't be drawn");
  return Axis(values, logarithmic);
}

void draw_series(cairo_t* cairo, const Chart& chart, const PlotSeries& series, const LineStyle& style) {
  constexpr double kDotRadius = 3;
  set_line(cairo, style);
  for (const PlotPoint& point : series.points) cairo_line_to(cairo, chart.x(point.x), chart.y(point.y));
  cairo_stroke(cairo);
  for (const PlotPoint& point : series.points) {
    cairo_arc(cairo, chart.x(point.x), chart.y(point.y), kDotRadius, 0, 2 * std::numbers::pi);
    cairo_fill(cairo);
  }
}

}  // namespace

void write_line_plot(const std::filesystem::path& path, const LinePlot& plot) {
  Canvas canvas(path, kChartWidth, kChartHeight);
  const Chart chart(canvas, make_axis(plot, &PlotPoint::x, plot.log_x),
                    make_axis(plot, &PlotPoint::y, plot.log_y));
  chart.draw({plot.title, plot.x_label, plot.y_label});
  std::vector<std::string> names;
  for (std::size_t n = 0; n < plot.series.size(); ++n) {
    draw_series(canvas.cairo(), chart, plot.series[n], series_line(n));
    names.push_back(plot.series[n].name);
  }
  const bool named = std::any_of(names.begin(), names.end(), [](const auto& name) { return !name.empty(); });
  if (named) chart.draw_legend(names);
  canvas.save();
}

}  // namespace hepar
