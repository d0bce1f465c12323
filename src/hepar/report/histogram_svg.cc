// SPDX-License-Identifier: Apache-2.0
#include "hepar/report/histogram_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <numbers>
#include <numeric>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/report/html_text.h"
#include "hepar/report/svg_path.h"

namespace hepar {
namespace {

constexpr double kHiddenShare = 0.005;  // of the voxels at either end
constexpr int kMarginHu = 5;
// The picture in its own units, then the field in it: HU across, 0 (top) to 200 (no voxels) down.
constexpr int kWidth = 420, kHeight = 152, kFieldLeft = 10, kFieldWidth = 400, kFieldHeight = 130;
constexpr double kFloor = 200, kHighest = 190;
constexpr int kCurvePoints = 60;
constexpr double kCurveSds = 4;
constexpr int kMostTicks = 7;
constexpr double kMostHu = 32767;  // of CT numbers, which are 16-bit

struct Range {
  int low_hu = 0, high_hu = 0;
};

double sum(const std::vector<double>& counts) { return std::accumulate(counts.begin(), counts.end(), 0.0); }

// How many bins from the iterator on hold the hidden share.
template <class Iterator>
int hidden_bins(Iterator bin, double voxels) {
  int hidden = 0;
  double passed = *bin;
  while (passed <= kHiddenShare * voxels) {
    passed += *++bin;
    ++hidden;
  }
  return hidden;
}

Range shown_range(const ReportHistogram& histogram) {
  const double voxels = sum(histogram.counts);
  const int end_hu = histogram.first_hu + static_cast<int>(histogram.counts.size());
  Range range{histogram.first_hu + hidden_bins(histogram.counts.begin(), voxels) - kMarginHu,
              end_hu - hidden_bins(histogram.counts.rbegin(), voxels) + kMarginHu};
  if (histogram.threshold_hu) {
    range.low_hu = std::min(range.low_hu, static_cast<int>(std::floor(*histogram.threshold_hu)) - kMarginHu);
    range.high_hu = std::max(range.high_hu, static_cast<int>(std::ceil(*histogram.threshold_hu)) + kMarginHu);
  }
  return range;
}

double curve(const ReportHistogram& histogram, double hu) {
  const double z = (hu - histogram.mean_hu) / histogram.std_hu;
  return histogram.amplitude / (std::sqrt(2 * std::numbers::pi) * histogram.std_hu) * std::exp(-z * z / 2);
}

// From voxels to the field's whole units.
class Scale {
 public:
  explicit Scale(double most) : most_(most) {}
  double y(double count) const { return kFloor - std::round(kHighest * count / most_); }

 private:
  double most_;
};

std::string field_of_bins(const ReportHistogram& histogram, Range range, Scale scale) {
  std::vector<ReportPoint> points{{static_cast<double>(range.low_hu), kFloor}};
  for (int hu = range.low_hu; hu < range.high_hu; ++hu) {
    const auto bin = static_cast<std::size_t>(hu - histogram.first_hu);
    const double y =
        hu >= histogram.first_hu && bin < histogram.counts.size() ? scale.y(histogram.counts[bin]) : kFloor;
    points.push_back({static_cast<double>(hu), y});
    points.push_back({hu + 1.0, y});
  }
  points.push_back({static_cast<double>(range.high_hu), kFloor});
  return svg_path(points, PathEnd::kClosed);
}

std::string smoothed_line(const ReportHistogram& histogram, Range range, Scale scale) {
  std::vector<ReportPoint> points;
  for (std::size_t bin = 0; bin < histogram.smoothed.size(); ++bin) {
    const double centre_hu = histogram.first_hu + static_cast<double>(bin) + 0.5;
    if (centre_hu < range.low_hu || centre_hu > range.high_hu) continue;
    points.push_back({centre_hu, scale.y(histogram.smoothed[bin])});
  }
  return svg_path(points, PathEnd::kOpen);
}

std::string fitted_line(const ReportHistogram& histogram, Range range, Scale scale) {
  const double low = std::max<double>(range.low_hu, histogram.mean_hu - kCurveSds * histogram.std_hu);
  const double high = std::min<double>(range.high_hu, histogram.mean_hu + kCurveSds * histogram.std_hu);
  std::vector<ReportPoint> points;
  for (int n = 0; n <= kCurvePoints && low < high; ++n) {
    const double hu = low + (high - low) * n / kCurvePoints;
    // A bin's count stands at its centre, half a unit to the right of its HU.
    points.push_back({hu + 0.5, scale.y(curve(histogram, hu))});
  }
  return svg_path(points, PathEnd::kOpen);
}

std::string ticks(Range range) {
  int step = 10;
  for (const int factor : {2, 5, 10, 20, 50, 100, 200, 500}) {
    if ((range.high_hu - range.low_hu) / step >= kMostTicks) step = 10 * factor;
  }
  const int first = static_cast<int>(std::ceil(static_cast<double>(range.low_hu) / step)) * step;
  std::string svg;
  for (int hu = first; hu <= range.high_hu; hu += step) {
    const double x = kFieldLeft + static_cast<double>(kFieldWidth) * (hu + 0.5 - range.low_hu) /
                                      (range.high_hu - range.low_hu);
    svg += fmt::format("<text x=\"{}\" y=\"{}\">{}{}</text>", short_number(x, 1), kHeight - 6,
                       hu < 0 ? "&#8722;" : "", std::abs(hu));
  }
  return svg;
}

std::string legend(const ReportHistogram& histogram) {
  std::string html = "<span><i class=\"raw\"></i>voxels per HU</span>";
  if (!histogram.smoothed.empty()) html += " <span><i class=\"smooth\"></i>smoothed</span>";
  if (histogram.fitted) {
    html +=
        fmt::format(" <span><i class=\"fit\"></i>fit, mean {} HU</span>", short_number(histogram.mean_hu, 0));
  }
  if (histogram.threshold_hu) {
    html += fmt::format(" <span><i class=\"cut\"></i>threshold {} HU</span>",
                        short_number(*histogram.threshold_hu, 1));
  }
  return html;
}

double most_voxels(const ReportHistogram& histogram) {
  double most = *std::max_element(histogram.counts.begin(), histogram.counts.end());
  for (const double count : histogram.smoothed) most = std::max(most, count);
  return histogram.fitted ? std::max(most, curve(histogram, histogram.mean_hu)) : most;
}

std::string drawing(const ReportHistogram& histogram) {
  const Range range = shown_range(histogram);
  const Scale scale(most_voxels(histogram));
  std::string svg = fmt::format("<path class=\"raw\" d=\"{}\"/>", field_of_bins(histogram, range, scale));
  if (!histogram.smoothed.empty()) {
    svg += fmt::format("<path class=\"smooth\" d=\"{}\"/>", smoothed_line(histogram, range, scale));
  }
  if (histogram.fitted) {
    svg += fmt::format("<path class=\"fit\" d=\"{}\"/>", fitted_line(histogram, range, scale));
  }
  if (histogram.threshold_hu) {
    svg +=
        fmt::format("<path class=\"cut\" d=\"M{} 0V200\"/>", short_number(*histogram.threshold_hu + 0.5, 1));
  }
  return fmt::format(
      "<svg x=\"{}\" width=\"{}\" height=\"{}\" viewBox=\"{} 0 {} 200\" "
      "preserveAspectRatio=\"none\">{}</svg>{}",
      kFieldLeft, kFieldWidth, kFieldHeight, range.low_hu, range.high_hu - range.low_hu, svg, ticks(range));
}

}  // namespace

std::string histogram_html(const ReportHistogram& histogram) {
  const std::vector<double>& smoothed = histogram.smoothed;
  HEPAR_EXPECT(smoothed.empty() || smoothed.size() == histogram.counts.size(),
               fmt::format("{} smoothed bins beside {}", smoothed.size(), histogram.counts.size()));
  HEPAR_EXPECT(!histogram.fitted || histogram.std_hu > 0, fmt::format("a curve of SD {}", histogram.std_hu));
  HEPAR_EXPECT(std::abs(histogram.threshold_hu.value_or(0)) <= kMostHu,
               fmt::format("a threshold of {} HU", *histogram.threshold_hu));
  if (sum(histogram.counts) <= 0) return {};
  return fmt::format(
      "<figure class=\"hist\"><svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Histogram of the CT "
      "numbers\">{}"
      "</svg><figcaption>{}</figcaption></figure>",
      kWidth, kHeight, drawing(histogram), legend(histogram));
}

}  // namespace hepar
