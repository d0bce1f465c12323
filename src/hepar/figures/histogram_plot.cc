// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/histogram_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <span>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/figures/chart.h"

namespace hepar {
namespace {

constexpr int kPanelWidth = 500, kPanelHeight = 390, kHeaderHeight = 60;  // pixels
constexpr double kOutsideShare = 0.005;                                   // of the voxels, at either end
constexpr AreaStyle kCountsArea{{0.78, 0.82, 0.87}, false, false};
constexpr LineStyle kSmoothedLine{kSeriesColours[0], 2}, kCurveLine{kSeriesColours[1], 2, Dash::kLong},
    kThresholdLine{kInk, 1.4, Dash::kShort};

double curve_at(const HistogramCurve& curve, double hu) {
  const double deviations = (hu - curve.mean_hu) / curve.std_hu;
  return curve.amplitude / (std::sqrt(2 * std::numbers::pi) * curve.std_hu) *
         std::exp(-0.5 * deviations * deviations);
}

void check(const RegionHistogram& region) {
  const auto refuse = [&](const char* fault) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the histogram of {} can't be drawn: {}", region.name, fault));
  };
  const auto is_no_count = [](double count) { return !std::isfinite(count) || count < 0; };
  if (std::any_of(region.counts.begin(), region.counts.end(), is_no_count)) refuse("a count is no number");
  if (std::accumulate(region.counts.begin(), region.counts.end(), 0.0) <= 0) refuse("it holds no voxel");
  if (std::any_of(region.smoothed.begin(), region.smoothed.end(), is_no_count)) {
    refuse("a smoothed count is no number");
  }
  if (!region.smoothed.empty() && region.smoothed.size() != region.counts.size()) {
    refuse("it has another number of smoothed bins");
  }
  if (const auto& curve = region.curve) {
    const bool finite = std::isfinite(curve->amplitude) && std::isfinite(curve->mean_hu);
    if (!finite || !std::isfinite(curve->std_hu) || curve->std_hu <= 0) refuse("its curve is no curve");
  }
}

// Where the share of the voxels is reached that lies below, from the first bin on or, backwards, above.
double edge_hu(const RegionHistogram& region, bool from_below) {
  const double wanted = kOutsideShare * std::accumulate(region.counts.begin(), region.counts.end(), 0.0);
  double sum = 0;
  std::size_t bin = from_below ? 0 : region.counts.size() - 1;
  while ((sum += region.counts[bin]) <= wanted) from_below ? ++bin : --bin;
  return region.first_hu + static_cast<double>(bin) + (from_below ? -0.5 : 0.5);
}

Axis make_x_axis(const HistogramPlot& plot) {
  std::vector<double> values;
  for (const RegionHistogram& region : plot.regions) {
    values.push_back(edge_hu(region, true));
    values.push_back(edge_hu(region, false));
    if (region.curve) {
      values.push_back(region.curve->mean_hu - 3 * region.curve->std_hu);
      values.push_back(region.curve->mean_hu + 3 * region.curve->std_hu);
    }
  }
  if (plot.threshold_hu) values.push_back(*plot.threshold_hu);
  return Axis(values, false);
}

Axis make_y_axis(const RegionHistogram& region) {
  std::vector<double> values = region.counts;
  values.insert(values.end(), region.smoothed.begin(), region.smoothed.end());
  if (region.curve) values.push_back(curve_at(*region.curve, region.curve->mean_hu));
  values.push_back(0);
  return Axis(values, false);
}

std::vector<LegendEntry> make_legend(const HistogramPlot& plot) {
  const auto any = [&](auto has) { return std::any_of(plot.regions.begin(), plot.regions.end(), has); };
  std::vector<LegendEntry> legend{{"voxels", kCountsArea, {}}};
  if (any([](const auto& region) { return !region.smoothed.empty(); })) {
    legend.push_back({"smoothed", kSmoothedLine, {}});
  }
  if (any([](const auto& region) { return region.curve.has_value(); })) {
    legend.push_back({"fitted curve", kCurveLine, {}});
  }
  if (plot.threshold_hu) {
    legend.push_back({fmt::format("threshold {:g} HU", *plot.threshold_hu), kThresholdLine, {}});
  }
  return legend;
}

std::string curve_text(const std::optional<HistogramCurve>& curve) {
  if (!curve) return "no fitted curve";
  return fmt::format("A = {:.0f}, M = {:.1f} HU, S = {:.1f} HU", curve->amplitude, curve->mean_hu,
                     curve->std_hu);
}

// One region in its chart.
class RegionPainter {
 public:
  // Of the bins only those within [low_hu, high_hu], and one more at each side.
  RegionPainter(cairo_t* cairo, const Chart& chart, const RegionHistogram& region, double low_hu,
                double high_hu)
      : cairo_(cairo), chart_(chart), region_(region) {
    const auto bins = static_cast<std::int64_t>(region.counts.size());
    const auto bin = [&](double hu) { return std::llround(hu) - region.first_hu; };
    first_ = static_cast<std::size_t>(std::clamp<std::int64_t>(bin(low_hu) - 1, 0, bins - 1));
    end_ = static_cast<std::size_t>(std::clamp<std::int64_t>(bin(high_hu) + 2, 1, bins));
  }

  void draw(std::optional<double> threshold_hu) const {
    const PictureArea& field = chart_.field();
    cairo_save(cairo_);
    cairo_rectangle(cairo_, field.left, field.top, field.width, field.height);
    cairo_clip(cairo_);
    draw_counts();
    if (!region_.smoothed.empty()) draw_smoothed();
    if (region_.curve) draw_curve(*region_.curve);
    if (threshold_hu) {
      add_point(*threshold_hu, 0);
      cairo_line_to(cairo_, chart_.x(*threshold_hu), field.top);
      stroke(kThresholdLine);
    }
    cairo_restore(cairo_);
  }

 private:
  double hu(std::size_t bin) const { return region_.first_hu + static_cast<double>(bin); }
  void add_point(double hu, double count) const { cairo_line_to(cairo_, chart_.x(hu), chart_.y(count)); }
  void stroke(const LineStyle& style) const {
    set_line(cairo_, style);
    cairo_stroke(cairo_);
  }

  void draw_counts() const {
    add_point(hu(first_) - 0.5, 0);
    for (std::size_t n = first_; n < end_; ++n) {
      add_point(hu(n) - 0.5, region_.counts[n]);
      add_point(hu(n) + 0.5, region_.counts[n]);
    }
    add_point(hu(end_) - 0.5, 0);
    set_colour(cairo_, kCountsArea.colour);
    cairo_fill(cairo_);
  }

  void draw_smoothed() const {
    for (std::size_t n = first_; n < end_; ++n) add_point(hu(n), region_.smoothed[n]);
    stroke(kSmoothedLine);
  }

  void draw_curve(const HistogramCurve& curve) const {
    constexpr int kSteps = 48;
    for (int n = -kSteps; n <= kSteps; ++n) {
      const double at = curve.mean_hu + 4 * curve.std_hu * n / kSteps;
      add_point(at, curve_at(curve, at));
    }
    stroke(kCurveLine);
  }

  cairo_t* cairo_;
  const Chart& chart_;
  const RegionHistogram& region_;
  std::size_t first_, end_;  // bins
};

void draw_header(const Canvas& canvas, const HistogramPlot& plot) {
  cairo_t* cairo = canvas.cairo();
  const double width = canvas.area().width - kChartLeft - kChartRight;
  cairo_set_font_size(cairo, kChartTitleSize);
  set_colour(cairo, kInk);
  show_text(cairo, kChartLeft, 26, shortened(cairo, plot.title, width));
  cairo_set_font_size(cairo, kChartFontSize);
  draw_legend(cairo, kChartLeft, 52.5, width, make_legend(plot), kInk);
}

}  // namespace

std::string draw_histogram_plot(const HistogramPlot& plot, PictureFormat format) {
  if (plot.regions.empty()) {
    throw Error(ErrorCode::kInvalidInput, "a histogram plot without a region can't be drawn");
  }
  for (const RegionHistogram& region : plot.regions) check(region);
  const Axis x_axis = make_x_axis(plot);
  const bool single = plot.regions.size() == 1;
  const int columns = single ? 1 : 2;
  const int rows = (static_cast<int>(plot.regions.size()) + columns - 1) / columns;
  const int panel_width = single ? kChartWidth : kPanelWidth;
  const int panel_height = single ? kChartHeight - kHeaderHeight : kPanelHeight;
  Canvas canvas(format, columns * panel_width, kHeaderHeight + rows * panel_height, kPaper);
  draw_header(canvas, plot);
  for (std::size_t n = 0; n < plot.regions.size(); ++n) {
    const int row = static_cast<int>(n) / columns, column = static_cast<int>(n) % columns;
    const PictureArea area{1.0 * column * panel_width, kHeaderHeight + 1.0 * row * panel_height,
                           1.0 * panel_width, 1.0 * panel_height};
    const RegionHistogram& region = plot.regions[n];
    const Chart chart(canvas, area, x_axis, make_y_axis(region),
                      {.title = region.name,
                       .x_label = "CT number (HU)",
                       .y_label = "voxels",
                       .note = curve_text(region.curve),
                       .legend = {}});
    chart.draw();
    RegionPainter(canvas.cairo(), chart, region, x_axis.low(), x_axis.high()).draw(plot.threshold_hu);
  }
  return canvas.finish();
}

void write_histogram_plot(const std::filesystem::path& path, const HistogramPlot& plot) {
  write_text_file(path, draw_histogram_plot(plot, picture_format(path)));
}

}  // namespace hepar
