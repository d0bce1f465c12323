// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/bland_altman.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/figures/chart.h"
#include "hepar/numeric/statistics.h"

namespace hepar {
namespace {

constexpr double kLimitSds = 1.96;  // 95 % of normal differences
constexpr double kLineHeight = 15;  // pixels

struct Agreement {
  std::vector<double> means, differences;
  double bias = 0;
  std::optional<double> half_width;  // from the bias to the limits; empty for one point
};

Agreement agreement_of(const std::vector<AgreementPoint>& points) {
  if (points.empty())
    throw Error(ErrorCode::kInvalidInput, "a Bland-Altman plot without a point can't be drawn");
  Agreement agreement;
  for (const AgreementPoint& point : points) {
    agreement.means.push_back((point.measured + point.reference) / 2);
    agreement.differences.push_back(point.measured - point.reference);
  }
  agreement.bias = *mean(agreement.differences);
  if (const auto sd = sample_sd(agreement.differences)) agreement.half_width = kLimitSds * *sd;
  return agreement;
}

struct Level {
  double value;
  std::string text;
  LineStyle style;
};

// From the top to the bottom.
std::vector<Level> levels_of(const Agreement& agreement) {
  const double bias = agreement.bias;
  const LineStyle bias_line{kSeriesColours[0], 2}, limit_line{kSeriesColours[1], 1.6, Dash::kShort};
  std::vector<Level> levels{{bias, fmt::format("bias: {:.3g}", bias), bias_line}};
  if (const auto half = agreement.half_width) {
    const std::string sds = fmt::format("{} SD: ", kLimitSds);
    levels.insert(levels.begin(), {bias + *half, fmt::format("+{}{:.3g}", sds, bias + *half), limit_line});
    levels.push_back({bias - *half, fmt::format("-{}{:.3g}", sds, bias - *half), limit_line});
  }
  return levels;
}

Axis make_y_axis(const Agreement& agreement, const std::vector<Level>& levels) {
  std::vector<double> values = agreement.differences;
  for (const Level& level : levels) values.push_back(level.value);
  values.push_back(0);
  return Axis(values, false);
}

// The lines, and their values on the right, a line's height apart from the bias at least.
void draw_levels(cairo_t* cairo, const Chart& chart, const std::vector<Level>& levels) {
  const PictureArea& field = chart.field();
  set_line(cairo, {kInk, 1});
  draw_line(cairo, field.left, chart.y(0), field.right(), chart.y(0));
  const std::size_t middle = levels.size() / 2;
  for (std::size_t n = 0; n < levels.size(); ++n) {
    const double y = chart.y(levels[n].value);
    set_line(cairo, levels[n].style);
    draw_line(cairo, field.left, y, field.right(), y);
    const double bias_y = chart.y(levels[middle].value);
    const double text_y = n < middle   ? std::min(y, bias_y - kLineHeight)
                          : n > middle ? std::max(y, bias_y + kLineHeight)
                                       : y;
    set_colour(cairo, kInk);
    show_text(cairo, field.right() + 8, text_y + 4, levels[n].text);
  }
}

// Writes names beside points, each where it stays within the field and clear of points, lines and what was
// written before; a name without such a place is left out.
class NameWriter {
 public:
  NameWriter(cairo_t* cairo, const PictureArea& field) : cairo_(cairo), field_(field) {}

  void keep_clear(const PictureArea& area) { taken_.push_back(area); }
  void write(double x, double y, const std::string& name) {
    constexpr double kGap = 7, kLongest = 150;  // pixels
    const std::string text = shortened(cairo_, name, kLongest);
    const double width = text_width(cairo_, text);
    const double right = x + kGap, left = x - kGap - width, middle = x - width / 2;
    const double beside = y + 4, above = y - 12, below = y + 20;
    for (const auto& [begin, base] : {std::pair{right, beside},
                                      {left, beside},
                                      {middle, above},
                                      {middle, below},
                                      {right, below},
                                      {left, below},
                                      {right, above},
                                      {left, above}}) {
      const PictureArea area{begin, base - 11, width, kLineHeight};
      if (!is_free(area)) continue;
      show_text(cairo_, begin, base, text);
      taken_.push_back(area);
      return;
    }
  }

 private:
  bool is_free(const PictureArea& area) const {
    if (area.left < field_.left || area.right() > field_.right()) return false;
    if (area.top < field_.top || area.bottom() > field_.bottom()) return false;
    return std::none_of(taken_.begin(), taken_.end(), [&](const PictureArea& other) {
      return area.left < other.right() && other.left < area.right() && area.top < other.bottom() &&
             other.top < area.bottom();
    });
  }
  cairo_t* cairo_;
  PictureArea field_;
  std::vector<PictureArea> taken_;
};

void draw_points(cairo_t* cairo, const Chart& chart, const AgreementPlot& plot, const Agreement& agreement) {
  constexpr double kRadius = 3.5;
  const auto x = [&](std::size_t n) { return chart.x(agreement.means[n]); };
  const auto y = [&](std::size_t n) { return chart.y(agreement.differences[n]); };
  NameWriter names(cairo, chart.field());
  set_colour(cairo, kInk);
  for (std::size_t n = 0; n < plot.points.size(); ++n) {
    add_mark(cairo, 0, x(n), y(n));
    names.keep_clear({x(n) - kRadius, y(n) - kRadius, 2 * kRadius, 2 * kRadius});
  }
  cairo_fill(cairo);
  if (!agreement.half_width) return;
  for (const double level :
       {0.0, agreement.bias - *agreement.half_width, agreement.bias + *agreement.half_width}) {
    names.keep_clear({chart.field().left, chart.y(level) - 1, chart.field().width, 2});
  }
  for (std::size_t n = 0; n < plot.points.size(); ++n) {
    if (std::abs(agreement.differences[n] - agreement.bias) <= *agreement.half_width) continue;
    names.write(x(n), y(n), plot.points[n].name);
  }
}

}  // namespace

std::string draw_bland_altman(const AgreementPlot& plot, PictureFormat format) {
  const Agreement agreement = agreement_of(plot.points);
  const std::vector<Level> levels = levels_of(agreement);
  Canvas canvas(format, kChartWidth, kChartHeight, kPaper);
  constexpr double kLevelMargin = 136;
  const Chart chart(canvas, canvas.area(), Axis(agreement.means, false), make_y_axis(agreement, levels),
                    {.title = plot.title,
                     .x_label = fmt::format("{}, mean of both ({})", plot.quantity, plot.unit),
                     .y_label = fmt::format("measured - reference ({})", plot.unit),
                     .note = fmt::format("n = {}; dashed: limits of agreement", plot.points.size()),
                     .legend = {}},
                    kLevelMargin);
  chart.draw();
  draw_levels(canvas.cairo(), chart, levels);
  draw_points(canvas.cairo(), chart, plot, agreement);
  return canvas.finish();
}

void write_bland_altman(const std::filesystem::path& path, const AgreementPlot& plot) {
  write_text_file(path, draw_bland_altman(plot, picture_format(path)));
}

}  // namespace hepar
