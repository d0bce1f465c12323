// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/line_plot.h"

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
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

std::vector<LegendEntry> make_legend(const std::vector<PlotSeries>& series) {
  if (std::all_of(series.begin(), series.end(), [](const auto& one) { return one.name.empty(); })) return {};
  std::vector<LegendEntry> legend;
  for (std::size_t n = 0; n < series.size(); ++n) legend.push_back({series[n].name, series_line(n), n});
  return legend;
}

void draw_series(cairo_t* cairo, const Chart& chart, const std::vector<PlotPoint>& points, std::size_t n) {
  set_line(cairo, series_line(n));
  for (const PlotPoint& point : points) cairo_line_to(cairo, chart.x(point.x), chart.y(point.y));
  cairo_stroke(cairo);
  for (const PlotPoint& point : points) add_mark(cairo, n, chart.x(point.x), chart.y(point.y));
  cairo_fill(cairo);
}

}  // namespace

std::string draw_line_plot(const LinePlot& plot, PictureFormat format) {
  Canvas canvas(format, kChartWidth, kChartHeight, kPaper);
  const Chart chart(canvas, make_axis(plot, &PlotPoint::x, plot.log_x),
                    make_axis(plot, &PlotPoint::y, plot.log_y),
                    {.title = plot.title,
                     .x_label = plot.x_label,
                     .y_label = plot.y_label,
                     .note = "",
                     .legend = make_legend(plot.series)});
  chart.draw();
  for (std::size_t n = 0; n < plot.series.size(); ++n) {
    draw_series(canvas.cairo(), chart, plot.series[n].points, n);
  }
  return canvas.finish();
}

void write_line_plot(const std::filesystem::path& path, const LinePlot& plot) {
  write_text_file(path, draw_line_plot(plot, picture_format(path)));
}

}  // namespace hepar
