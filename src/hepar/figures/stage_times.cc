// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/stage_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/figures/box_plot.h"
#include "hepar/figures/chart.h"

namespace hepar {
namespace {

constexpr std::size_t kMostBars = 20;
constexpr int kBarPitch = 26;  // pixels
constexpr double kBarHeight = 16, kSumMargin = 64;

void check(const StageTimes& times) {
  if (times.stages.empty() || times.cases.empty()) {
    throw Error(ErrorCode::kInvalidInput, "times without a stage or a case can't be drawn");
  }
  for (const CaseTimes& one : times.cases) {
    if (one.seconds.size() != times.stages.size()) {
      throw Error(ErrorCode::kInvalidInput, fmt::format("the times of {} name {} stages, not {}", one.name,
                                                        one.seconds.size(), times.stages.size()));
    }
    for (const double seconds : one.seconds) {
      if (std::isfinite(seconds) && seconds >= 0) continue;
      throw Error(ErrorCode::kInvalidInput, fmt::format("{} s is no time of {}", seconds, one.name));
    }
  }
}

double sum_of(const CaseTimes& one) { return std::accumulate(one.seconds.begin(), one.seconds.end(), 0.0); }

BoxPlot summary_of(const StageTimes& times) {
  BoxPlot plot{times.title, "time (s)", {}, 0.0, {}};
  for (const std::string& stage : times.stages) plot.groups.push_back({stage, {}});
  plot.groups.push_back({"all", {}});
  for (const CaseTimes& one : times.cases) {
    for (std::size_t n = 0; n < one.seconds.size(); ++n) plot.groups[n].values.push_back(one.seconds[n]);
    plot.groups.back().values.push_back(sum_of(one));
  }
  return plot;
}

// The first case is at the top, so the last one has place 0.
Axis make_y_axis(const StageTimes& times) {
  std::vector<std::string> names;
  for (const CaseTimes& one : times.cases) names.insert(names.begin(), one.name);
  return Axis(names);
}

Axis make_x_axis(const StageTimes& times) {
  std::vector<double> values{0};
  for (const CaseTimes& one : times.cases) values.push_back(sum_of(one));
  return Axis(values, false);
}

void draw_bar(cairo_t* cairo, const Chart& chart, const CaseTimes& one, double y) {
  double begin = 0;
  for (std::size_t n = 0; n < one.seconds.size(); ++n) {
    const double end = begin + one.seconds[n];
    fill_area(cairo, {chart.x(begin), y - kBarHeight / 2, chart.x(end) - chart.x(begin), kBarHeight},
              series_area(n));
    begin = end;
  }
  set_colour(cairo, kInk);
  show_text(cairo, chart.field().right() + 8, y + 4, fmt::format("{:.3g} s", begin));
}

}  // namespace

std::string draw_stage_times(const StageTimes& times, PictureFormat format) {
  check(times);
  if (times.cases.size() > kMostBars) return draw_box_plot(summary_of(times), format);
  std::vector<LegendEntry> legend;
  for (std::size_t n = 0; n < times.stages.size(); ++n) {
    legend.push_back({times.stages[n], series_area(n), {}});
  }
  const int cases = static_cast<int>(times.cases.size());
  Canvas canvas(format, kChartWidth, 180 + kBarPitch * cases, kPaper);
  const Chart chart(
      canvas, canvas.area(), make_x_axis(times), make_y_axis(times),
      {.title = times.title, .x_label = "time (s)", .y_label = "", .note = "", .legend = legend}, kSumMargin);
  chart.draw();
  for (int n = 0; n < cases; ++n) {
    draw_bar(canvas.cairo(), chart, times.cases[static_cast<std::size_t>(n)], chart.y(cases - 1 - n));
  }
  return canvas.finish();
}

void write_stage_times(const std::filesystem::path& path, const StageTimes& times) {
  write_text_file(path, draw_stage_times(times, picture_format(path)));
}

}  // namespace hepar
