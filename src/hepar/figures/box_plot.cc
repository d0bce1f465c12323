// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/box_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/figures/chart.h"
#include "hepar/numeric/statistics.h"

namespace hepar {
namespace {

constexpr std::size_t kFewestForABox = 5;
constexpr double kLargestHalfBox = 48, kPointRadius = 2.6;  // pixels
constexpr int kGroupPitch = 33;  // pixels; 660 of them make 20 groups in the usual width

struct Box {
  double low, lower_quartile, median, upper_quartile, high;
};

Box box_of(const std::vector<double>& values) {
  Box box{};
  box.lower_quartile = *percentile(values, 25);
  box.median = *percentile(values, 50);
  box.upper_quartile = *percentile(values, 75);
  const double reach = 1.5 * (box.upper_quartile - box.lower_quartile);
  box.low = box.lower_quartile, box.high = box.upper_quartile;
  for (const double value : values) {
    if (value >= box.lower_quartile - reach) box.low = std::min(box.low, value);
    if (value <= box.upper_quartile + reach) box.high = std::max(box.high, value);
  }
  return box;
}

Axis make_y_axis(const BoxPlot& plot) {
  std::vector<double> values;
  for (const BoxGroup& group : plot.groups) {
    values.insert(values.end(), group.values.begin(), group.values.end());
  }
  if (values.empty()) throw Error(ErrorCode::kInvalidInput, "a box plot without a value can't be drawn");
  if (plot.low) values.push_back(*plot.low);
  if (plot.high) values.push_back(*plot.high);
  return Axis(values, false);
}

Axis make_x_axis(const BoxPlot& plot) {
  std::vector<std::string> names;
  for (const BoxGroup& group : plot.groups) {
    names.push_back(fmt::format("{} (n = {})", group.name, group.values.size()));
  }
  return Axis(names);
}

// Where one group is drawn.
struct Place {
  cairo_t* cairo;
  const Chart& chart;
  double x, half_width;  // pixels
  PictureColour colour;

  void horizontal(double value, double half) const {
    draw_line(cairo, x - half, chart.y(value), x + half, chart.y(value));
  }
};

void draw_box(const Place& at, const Box& box) {
  cairo_t* cairo = at.cairo;
  const double top = at.chart.y(box.upper_quartile), bottom = at.chart.y(box.lower_quartile);
  set_line(cairo, {at.colour, 1.5});
  draw_line(cairo, at.x, bottom, at.x, at.chart.y(box.low));
  draw_line(cairo, at.x, top, at.x, at.chart.y(box.high));
  at.horizontal(box.low, at.half_width / 2);
  at.horizontal(box.high, at.half_width / 2);
  cairo_rectangle(cairo, at.x - at.half_width, top, 2 * at.half_width, bottom - top);
  set_colour(cairo, at.colour, 0.16);
  cairo_fill_preserve(cairo);
  set_line(cairo, {at.colour, 1.5});
  cairo_stroke(cairo);
  set_line(cairo, {kInk, 2.4});
  at.horizontal(box.median, at.half_width);
}

// Beside each other by the golden ratio, which keeps neighbours in the order apart.
void draw_points(const Place& at, const std::vector<double>& values) {
  constexpr double kGoldenRatio = 0.6180339887498949;
  cairo_t* cairo = at.cairo;
  for (std::size_t n = 0; n < values.size(); ++n) {
    const double turns = kGoldenRatio * static_cast<double>(n);
    const double x = at.x + (turns - std::floor(turns) - 0.5) * 1.5 * at.half_width;
    cairo_move_to(cairo, x, at.chart.y(values[n]));
    cairo_line_to(cairo, x, at.chart.y(values[n]));  // with round ends: a disc in a few bytes of SVG
  }
  cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
  set_line(cairo, {at.colour, 2 * kPointRadius});
  cairo_stroke(cairo);
  cairo_set_line_cap(cairo, CAIRO_LINE_CAP_BUTT);
}

void draw_mean(const Place& at, double value) {
  constexpr std::size_t kDiamond = 3;
  add_mark(at.cairo, kDiamond, at.x, at.chart.y(value));
  set_colour(at.cairo, kPaper);
  cairo_fill_preserve(at.cairo);
  set_line(at.cairo, {kInk, 1.4});
  cairo_stroke(at.cairo);
}

}  // namespace

std::string draw_box_plot(const BoxPlot& plot, PictureFormat format) {
  const int groups = static_cast<int>(plot.groups.size());
  Canvas canvas(format, std::max(kChartWidth, 100 + kGroupPitch * groups), kChartHeight, kPaper);
  Axis y_axis = make_y_axis(plot);
  const Chart chart(canvas, make_x_axis(plot), std::move(y_axis),
                    {.title = plot.title,
                     .x_label = "",
                     .y_label = plot.y_label,
                     .note = "box: quartiles; line: median; diamond: mean; whiskers: within 1.5 box lengths",
                     .legend = {}});
  chart.draw();
  for (int n = 0; n < groups; ++n) {
    const auto index = static_cast<std::size_t>(n);
    const std::vector<double>& values = plot.groups[index].values;
    const Place place{canvas.cairo(), chart, chart.x(n),
                      std::min(kLargestHalfBox, 0.33 * chart.field().width / groups),
                      kSeriesColours[index % kSeriesColours.size()]};
    const bool boxed = values.size() >= kFewestForABox;
    if (boxed) draw_box(place, box_of(values));
    draw_points(place, values);
    if (boxed) draw_mean(place, *mean(values));
  }
  return canvas.finish();
}

void write_box_plot(const std::filesystem::path& path, const BoxPlot& plot) {
  write_text_file(path, draw_box_plot(plot, picture_format(path)));
}

}  // namespace hepar
