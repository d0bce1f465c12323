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

// Stage after stage: what is drawn alike at once makes a small SVG.
void draw_bars(cairo_t* cairo, const Chart& chart, const StageTimes& times) {
  const auto y = [&](std::size_t n) { return chart.y(static_cast<double>(times.cases.size() - 1 - n)); };
  std::vector<double> ends(times.cases.size(), 0.0);
  for (std::size_t stage = 0; stage < times.stages.size(); ++stage) {
    std::vector<PictureArea> areas;
    for (std::size_t n = 0; n < ends.size(); ++n) {
      const double begin = ends[n];
      ends[n] += times.cases[n].seconds[stage];
      areas.push_back({chart.x(begin), y(n) - kBarHeight / 2, chart.x(ends[n]) - chart.x(begin), kBarHeight});
    }
    fill_areas(cairo, areas, series_area(stage));
  }
  set_colour(cairo, kInk);
  for (std::size_t n = 0; n < ends.size(); ++n) {
    show_text(cairo, chart.field().right() + 8, y(n) + 4,
              fmt::format("{:.{}f} s", ends[n], ends[n] < 10 ? 2 : 1));
  }
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
  draw_bars(canvas.cairo(), chart, times);
  return canvas.finish();
}

void write_stage_times(const std::filesystem::path& path, const StageTimes& times) {
  write_text_file(path, draw_stage_times(times, picture_format(path)));
}

}  // namespace hepar
