// SPDX-License-Identifier: Apache-2.0
#include "hepar/report/histogram_svg.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using testing::HasSubstr;
using testing::Not;

// Heights over the floor at 200: 190 for the most voxels, 4, so 95 for 2. From 5 HU below to 5 above.
ReportHistogram small() { return {.first_hu = 10, .counts = {2, 4, 2}}; }

TEST(HistogramHtml, DrawsTheBinsAsSteps) {
  const std::string html = histogram_html(small());
  EXPECT_THAT(html, HasSubstr("viewBox=\"5 0 13 200\""));
  EXPECT_THAT(html, HasSubstr("<path class=\"raw\" d=\"M5 200h5v-95h1v-95h1v95h1v95h5z\"/>"));
  EXPECT_THAT(html, Not(HasSubstr("class=\"smooth\"")));
  EXPECT_THAT(html, Not(HasSubstr("class=\"fit\"")));
  EXPECT_THAT(html, Not(HasSubstr("class=\"cut\"")));
}

TEST(HistogramHtml, DrawsTheSmoothedLineThroughTheCentresOfTheBins) {
  ReportHistogram histogram = small();
  histogram.smoothed = {2, 4, 2};
  EXPECT_THAT(histogram_html(histogram), HasSubstr("<path class=\"smooth\" d=\"M10.5 105l1-95 1 95\"/>"));
}

TEST(HistogramHtml, ShowsTheThresholdHoweverFar) {
  ReportHistogram histogram = small();
  histogram.threshold_hu = 45;
  const std::string html = histogram_html(histogram);
  EXPECT_THAT(html, HasSubstr("viewBox=\"5 0 45 200\""));  // to 45 + 5 HU
  // A bin's own HU lies at its centre.
  EXPECT_THAT(html, HasSubstr("<path class=\"cut\" d=\"M45.5 0V200\"/>"));
  EXPECT_THAT(html, HasSubstr("threshold 45 HU"));
  // 20 HU lie at 10 + 400 * (20.5 - 5) / 45 = 147.8 of the picture.
  EXPECT_THAT(html, HasSubstr("<text x=\"147.8\" y=\"146\">20</text>"));
}

TEST(HistogramHtml, LeavesOutTheRareTails) {
  // One voxel in 1001 at 10 and at 1010 HU: less than 0.5 % at either end.
  ReportHistogram histogram{.first_hu = 10, .counts = std::vector<double>(1001, 0.0)};
  histogram.counts.front() = histogram.counts.back() = 1;
  histogram.counts[500] = 999;  // at 510 HU
  EXPECT_THAT(histogram_html(histogram), HasSubstr("viewBox=\"505 0 11 200\""));
}

// The corners of an open path of relative commands, as absolute points.
std::vector<ReportPoint> corners(const std::string& path) {
  std::vector<ReportPoint> points;
  ReportPoint at;
  char command = 0;
  const char* text = path.c_str();
  const auto number = [&] {
    char* end = nullptr;
    const double value = std::strtod(text, &end);
    text = end;
    return value;
  };
  while (*text != 0) {
    if (std::isalpha(*text)) command = *text++;
    if (command != 'v') at.x += number();
    if (command != 'h') at.y += number();
    points.push_back(at);
  }
  return points;
}

TEST(HistogramHtml, DrawsTheCurveOfTheFit) {
  // The top is 4 voxels where the amplitude is 4 sqrt(2 pi) S. 4 SDs on either side are 7 and 15 HU, and the
  // 61 points meet 11 HU (the 31st) and 10.2 HU (the 25th), where the curve is exp(-0.8^2 / 2) = 0.72615 of
  // the top.
  ReportHistogram histogram = small();
  histogram.fitted = true;
  histogram.mean_hu = 11;
  histogram.std_hu = 1;
  histogram.amplitude = 4 * std::sqrt(2 * std::numbers::pi);
  const std::string html = histogram_html(histogram);
  const std::string begin = "<path class=\"fit\" d=\"";
  const std::size_t at = html.find(begin);
  ASSERT_NE(at, std::string::npos);
  const std::size_t start = at + begin.size();
  const std::vector<ReportPoint> points = corners(html.substr(start, html.find('"', start) - start));
  const auto has = [&](double x, double y) {
    return std::any_of(points.begin(), points.end(), [&](const ReportPoint& point) {
      return std::abs(point.x - x) < 1e-9 && std::abs(point.y - y) < 1e-9;
    });
  };
  EXPECT_TRUE(has(11.5, 10));
  EXPECT_TRUE(has(10.7, 62));  // 200 - 137.97 rounded
  EXPECT_TRUE(has(7.5, 200));
  EXPECT_TRUE(has(15.5, 200));
  EXPECT_THAT(html, HasSubstr("fit, mean 11 HU"));
}

TEST(HistogramHtml, IsEmptyWithoutVoxels) {
  EXPECT_EQ(histogram_html({}), "");
  EXPECT_EQ(histogram_html({.counts = {0, 0}, .smoothed = {0, 0}}), "");
}

TEST(HistogramHtml, RefusesWhatCannotBeDrawn) {
  ReportHistogram uneven = small();
  uneven.smoothed = {1};
  EXPECT_THROW(histogram_html(uneven), Error);
  ReportHistogram flat = small();
  flat.fitted = true;
  EXPECT_THROW(histogram_html(flat), Error);
  ReportHistogram no_number = small();
  no_number.smoothed = {1, std::numeric_limits<double>::quiet_NaN(), 1};
  EXPECT_THROW(histogram_html(no_number), Error);
  no_number = small();
  no_number.threshold_hu = std::numeric_limits<double>::infinity();
  EXPECT_THROW(histogram_html(no_number), Error);
}

}  // namespace
}  // namespace hepar
