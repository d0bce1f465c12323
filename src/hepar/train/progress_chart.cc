// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/progress_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

// A line of the chart: which number of an epoch, its name and its CSS class.
struct Series {
  std::optional<double> EpochMetrics::*value;
  const char* name;
  const char* style;
};
constexpr Series kLoss{&EpochMetrics::loss, "loss", "loss"};
constexpr Series kValidationLoss{&EpochMetrics::validation_loss, "validation loss", "validation"};
constexpr Series kPseudoDice{&EpochMetrics::pseudo_dice, "pseudo-Dice", "dice"};
constexpr Series kSmoothedDice{&EpochMetrics::pseudo_dice_ema, "pseudo-Dice, smoothed", "ema"};
constexpr Series kLearningRate{&EpochMetrics::learning_rate, "learning rate", "plain"};
constexpr Series kSeconds{&EpochMetrics::seconds, "seconds per epoch", "plain"};

constexpr const char* kHead = R"(<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 640" width="900" height="640" role="img">
<title>Progress of a training</title>
<style>
text { font: 13px sans-serif; fill: #1c2126; }
.back { fill: #ffffff; }
.small { font-size: 11px; fill: #5a636c; }
.frame, .tick { stroke: #5a636c; fill: none; }
.grid { stroke: #dfe3e7; }
.line { fill: none; stroke-width: 1.5; stroke-linejoin: round; }
.loss { stroke: #1f6fb4; }
.validation { stroke: #c8590b; stroke-dasharray: 6 3; }
.dice { stroke: #15803d; stroke-width: 1.2; opacity: 0.75; }
.ema { stroke: #15803d; stroke-width: 2.5; }
.plain { stroke: #5a636c; }
circle.line { stroke-dasharray: none; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
text { fill: #e6e8ea; }
.back { fill: #16191d; }
.small { fill: #a5adb5; }
.frame, .tick, .plain { stroke: #a5adb5; }
.grid { stroke: #343a41; }
.loss { stroke: #6cb2f0; }
.validation { stroke: #f0a35e; }
.dice, .ema { stroke: #5cc98a; }
}
</style>
<rect class="back" width="900" height="640"/>
)";

struct Axis {
  double low, high, step;
};

// Steps of 1, 2 or 5 times a power of ten, at most `intervals` of them.
double round_step(double range, double intervals) {
  const double least = range / intervals;
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double multiple : {1.0, 2.0, 5.0}) {
    if (multiple * power >= least * (1 - 1e-9)) return multiple * power;
  }
  return 10 * power;
}

Axis value_axis(double low, double high, double intervals) {
  if (low == high) {
    const double margin = low == 0 ? 1 : 0.1 * std::abs(low);
    low -= margin;
    high += margin;
  }
  const double step = round_step(high - low, intervals);
  return {std::floor(low / step + 1e-9) * step, std::ceil(high / step - 1e-9) * step, step};
}

Axis epoch_axis(const std::vector<EpochMetrics>& epochs, double intervals) {
  const auto first = static_cast<double>(epochs.front().epoch);
  const auto last = static_cast<double>(epochs.back().epoch);
  if (first == last) return {first - 0.5, last + 0.5, 1};
  return {first, last, std::max(1.0, round_step(last - first, intervals))};
}

std::string tick_label(double value, double step) {
  const auto decimals = static_cast<int>(std::max(0.0, -std::floor(std::log10(step) + 1e-9)));
  // Adding 0 turns -0 into 0.
  const double rounded = std::round(value / step) * step + 0.0;
  return decimals <= 5 ? fmt::format("{:.{}f}", rounded, decimals) : fmt::format("{:.3g}", rounded);
}

std::vector<double> ticks(const Axis& axis) {
  std::vector<double> values;
  const double last = std::floor(axis.high / axis.step + 1e-9);
  for (double n = std::ceil(axis.low / axis.step - 1e-9); n <= last; ++n) values.push_back(n * axis.step);
  return values;
}

struct Point {
  double epoch, value;
};

// How many epochs make one point.
std::size_t group_size(std::size_t epochs) { return (epochs + kMostChartPoints - 1) / kMostChartPoints; }

std::vector<Point> points_of(const std::vector<EpochMetrics>& epochs, const Series& series) {
  std::vector<Point> points;
  const std::size_t group = group_size(epochs.size());
  for (std::size_t start = 0; start < epochs.size(); start += group) {
    Point sum{0, 0};
    double count = 0;
    for (std::size_t n = start; n < std::min(start + group, epochs.size()); ++n) {
      const std::optional<double> value = epochs[n].*series.value;
      if (!value || !std::isfinite(*value)) continue;
      sum.epoch += static_cast<double>(epochs[n].epoch);
      sum.value += *value;
      ++count;
    }
    if (count > 0) points.push_back({sum.epoch / count, sum.value / count});
  }
  return points;
}

// A rectangle with an epoch axis below and a value axis at the left or right.
class Panel {
 public:
  Panel(double x, double y, double width, double height, const Axis& epochs)
      : x_(x), y_(y), width_(width), height_(height), epochs_(epochs) {}

  std::string frame() const {
    std::string svg = fmt::format("<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n",
                                  x_, y_, width_, height_);
    for (const double epoch : ticks(epochs_)) {
      const double x = across(epoch), bottom = y_ + height_;
      svg += fmt::format(
          "<path class=\"tick\" d=\"M{0:.1f} {1}v5\"/><text x=\"{0:.1f}\" y=\"{2}\" "
          "text-anchor=\"middle\">{3}</text>\n",
          x, bottom, bottom + 19, tick_label(epoch, epochs_.step));
    }
    return svg + fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">epoch</text>\n", x_ + width_ / 2,
                             y_ + height_ + 37);
  }

  std::string left_axis(const Axis& axis, const char* name) const {
    std::string svg;
    for (const double value : ticks(axis)) {
      svg += fmt::format("<path class=\"grid\" d=\"M{} {:.1f}h{}\"/>", x_, up(value, axis), width_);
      svg += fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", x_ - 8,
                         up(value, axis) + 4.5, tick_label(value, axis.step));
    }
    return svg + upright(x_ - 56, -90, name);
  }

  std::string right_axis(const Axis& axis, const char* name) const {
    std::string svg;
    const double right = x_ + width_;
    for (const double value : ticks(axis)) {
      svg +=
          fmt::format("<path class=\"tick\" d=\"M{} {:.1f}h5\"/><text x=\"{}\" y=\"{:.1f}\">{}</text>\n",
                      right, up(value, axis), right + 9, up(value, axis) + 4.5, tick_label(value, axis.step));
    }
    return svg + upright(right + 50, 90, name);
  }

  std::string line(const std::vector<Point>& points, const Series& series, const Axis& axis) const {
    constexpr std::size_t kMostMarks = 30;
    std::string corners, marks;
    for (const Point& point : points) {
      const double x = across(point.epoch), y = up(point.value, axis);
      corners += fmt::format("{}{:.1f},{:.1f}", corners.empty() ? "" : " ", x, y);
      if (points.size() <= kMostMarks) {
        marks += fmt::format("<circle class=\"line {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\"/>\n",
                             series.style, x, y);
      }
    }
    return fmt::format("<polyline class=\"line {}\" points=\"{}\"/>\n{}", series.style, corners, marks);
  }

 private:
  double across(double epoch) const {
    return x_ + width_ * (epoch - epochs_.low) / (epochs_.high - epochs_.low);
  }
  double up(double value, const Axis& axis) const {
    return y_ + height_ * (axis.high - value) / (axis.high - axis.low);
  }
  std::string upright(double x, int angle, const char* name) const {
    return fmt::format("<text transform=\"translate({} {}) rotate({})\" text-anchor=\"middle\">{}</text>\n",
                       x, y_ + height_ / 2, angle, name);
  }

  double x_, y_, width_, height_;
  Axis epochs_;
};

// The range of several lines together; not defined where they have no points.
std::optional<Axis> common_axis(const std::vector<std::vector<Point>>& lines, double intervals) {
  std::vector<double> values;
  for (const auto& line : lines) {
    for (const Point& point : line) values.push_back(point.value);
  }
  if (values.empty()) return {};
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return value_axis(*low, *high, intervals);
}

std::string legend(const std::vector<Series>& shown) {
  std::string svg;
  double x = 90;
  for (const Series& series : shown) {
    svg += fmt::format("<path class=\"line {}\" d=\"M{} 26.5h28\"/><text x=\"{}\" y=\"31\">{}</text>\n",
                       series.style, x, x + 36, series.name);
    x += 185;
  }
  return svg;
}

std::string main_panel(const std::vector<EpochMetrics>& epochs) {
  const Panel panel(80, 50, 740, 300, epoch_axis(epochs, 10));
  const std::vector<Point> loss = points_of(epochs, kLoss), validation = points_of(epochs, kValidationLoss),
                           dice = points_of(epochs, kPseudoDice), ema = points_of(epochs, kSmoothedDice);
  const std::optional<Axis> losses = common_axis({loss, validation}, 6);
  const Axis dices{0, 1, 0.2};
  std::string svg, lines;
  std::vector<Series> shown;
  const auto show = [&](const std::vector<Point>& points, const Series& series, const Axis& axis) {
    if (points.empty()) return;
    lines += panel.line(points, series, axis);
    shown.push_back(series);
  };
  if (losses) svg += panel.left_axis(*losses, "loss");
  if (losses) show(loss, kLoss, *losses);
  if (losses) show(validation, kValidationLoss, *losses);
  if (!dice.empty() || !ema.empty()) svg += panel.right_axis(dices, "pseudo-Dice");
  show(dice, kPseudoDice, dices);
  show(ema, kSmoothedDice, dices);
  return svg + panel.frame() + lines + legend(shown);
}

// One line over an axis that begins at 0.
std::string small_panel(const std::vector<EpochMetrics>& epochs, const Series& series, double x) {
  const std::vector<Point> points = points_of(epochs, series);
  if (points.empty()) return "";
  double most = 0;
  for (const Point& point : points) most = std::max(most, point.value);
  const Panel panel(x, 440, 310, 120, epoch_axis(epochs, 5));
  const Axis axis = value_axis(0, most, 4);
  return panel.left_axis(axis, series.name) + panel.frame() + panel.line(points, series, axis);
}

EpochMetrics metrics_of(const nlohmann::json& line) {
  EpochMetrics metrics;
  metrics.epoch = line.at("epoch").get<std::int64_t>();
  const auto read = [&](const char* key, std::optional<double>& value) {
    if (line.contains(key) && !line.at(key).is_null()) value = line.at(key).get<double>();
  };
  read("loss", metrics.loss);
  read("validation_loss", metrics.validation_loss);
  read("pseudo_dice", metrics.pseudo_dice);
  read("pseudo_dice_ema", metrics.pseudo_dice_ema);
  read("learning_rate", metrics.learning_rate);
  read("seconds", metrics.seconds);
  return metrics;
}

}  // namespace

std::vector<EpochMetrics> read_metrics(const fs::path& metrics_jsonl) {
  const std::string text = read_text_file(metrics_jsonl);
  std::map<std::int64_t, EpochMetrics> by_epoch;
  int number = 1;
  for (std::size_t start = 0; start < text.size(); ++number) {
    const std::size_t end = text.find('\n', start);
    if (end == std::string::npos) break;  // still being written
    try {
      const EpochMetrics metrics = metrics_of(nlohmann::json::parse(text.substr(start, end - start)));
      by_epoch[metrics.epoch] = metrics;
    } catch (const nlohmann::json::exception&) {
      throw Error(ErrorCode::kCorrupt,
                  fmt::format("Line {} of {} is not what a training writes for an epoch; delete the line.",
                              number, metrics_jsonl.string()));
    }
    start = end + 1;
  }
  std::vector<EpochMetrics> epochs;
  for (const auto& [epoch, metrics] : by_epoch) epochs.push_back(metrics);
  return epochs;
}

std::string progress_chart(const std::vector<EpochMetrics>& epochs) {
  if (epochs.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                "There is no epoch to draw; wait until the training's first epoch has ended.");
  }
  std::string note = "For research; not a medical device.";
  if (const std::size_t group = group_size(epochs.size()); group > 1) {
    note += fmt::format(" Each point is the mean of {} epochs.", group);
  }
  return fmt::format("{}{}{}{}<text class=\"small\" x=\"80\" y=\"626\">{}</text>\n</svg>\n", kHead,
                     main_panel(epochs), small_panel(epochs, kLearningRate, 80),
                     small_panel(epochs, kSeconds, 510), note);
}

void write_progress_chart(const fs::path& fold_folder) {
  write_text_file(fold_folder / "progress.svg", progress_chart(read_metrics(fold_folder / "metrics.jsonl")));
}

}  // namespace hepar
