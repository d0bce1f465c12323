// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/histogram.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using testing::ElementsAre;

TEST(UnitHistogram, RoundsHalvesToTheEvenBin) {
  UnitHistogram histogram(-3, 3);
  const std::vector<float> values{-2.5F, -1.5F, -0.5F, 0.5F, 1.5F, 2.5F, 2.49F, 2.51F};
  histogram.add(values);  // to -2, -2, 0, 0, 2, 2, 2, 3
  EXPECT_THAT(histogram.counts(), ElementsAre(0, 2, 0, 2, 0, 3, 1));
  EXPECT_EQ(histogram.outside(), 0);
}

TEST(UnitHistogram, CountsWhatLiesOutside) {
  UnitHistogram histogram(10, 11);
  const float inf = std::numeric_limits<float>::infinity();
  // 9.5 rounds to 10 and 11.5 to 12, 9.4 to 9.
  const std::vector<float> values{9.5F, 11.5F, 9.4F, 1e30F, -1e30F, inf, -inf, std::nanf("")};
  histogram.add(values);
  EXPECT_THAT(histogram.counts(), ElementsAre(1, 0));
  EXPECT_EQ(histogram.inside(), 1);
  EXPECT_EQ(histogram.outside(), 7);
}

TEST(UnitHistogram, AddsAnother) {
  UnitHistogram a(0, 1), b(0, 1);
  a.add(std::vector<float>{0, 1, 9});
  b.add(std::vector<float>{1, -9});
  a.add(b);
  EXPECT_THAT(a.counts(), ElementsAre(1, 2));
  EXPECT_EQ(a.outside(), 2);
  UnitHistogram wider(-1, 2);
  wider.add(std::vector<float>{-1, 0, 2, 2, 7});
  a.add(wider);
  EXPECT_THAT(a.counts(), ElementsAre(2, 2));
  EXPECT_EQ(a.outside(), 2 + 4);  // -1, 2, 2 and 7
}

TEST(UnitHistogram, FindsTheMedian) {
  UnitHistogram histogram(-5, 5);
  EXPECT_FALSE(histogram.median_bin());
  histogram.add(std::vector<float>{-4, 2, 3});
  EXPECT_EQ(histogram.median_bin(), 2);
  histogram.add(std::vector<float>{-4});  // -4 -4 | 2 3: the lower of the two middle ones
  EXPECT_EQ(histogram.median_bin(), -4);
}

TEST(UnitHistogram, RefusesBinsWithoutBounds) {
  EXPECT_THROW(UnitHistogram(1, 0), Error);
  EXPECT_THROW(UnitHistogram(0, 1 << 30), Error);
}

TEST(SmoothGaussian, IsTheSampledKernelForOneCount) {
  // SD 1: radius int(4.5) = 4, weights exp(-x^2 / 2) for x = -4 .. 4, divided by their sum.
  std::vector<std::int64_t> counts(13, 0);
  counts[6] = 2;
  const std::vector<double> smooth = smooth_gaussian(counts, 1);
  const double sum = 1 + 2 * (std::exp(-0.5) + std::exp(-2.0) + std::exp(-4.5) + std::exp(-8.0));
  EXPECT_DOUBLE_EQ(smooth[6], 2 / sum);
  EXPECT_DOUBLE_EQ(smooth[8], 2 * std::exp(-2.0) / sum);
  EXPECT_DOUBLE_EQ(smooth[2], 2 * std::exp(-8.0) / sum);
  EXPECT_EQ(smooth[1], 0);
  EXPECT_EQ(smooth[11], 0);
  EXPECT_NEAR(std::accumulate(smooth.begin(), smooth.end(), 0.0), 2, 1e-14);
}

TEST(SmoothGaussian, LosesWhatFallsBeyondTheEnds) {
  // SD 0.25: radius int(1.5) = 1, side weight w = exp(-8), so 1 / (1 + 2w) stays in place.
  const std::vector<double> smooth = smooth_gaussian(std::vector<std::int64_t>{1, 0}, 0.25);
  const double w = std::exp(-8.0);
  EXPECT_DOUBLE_EQ(smooth[0], 1 / (1 + 2 * w));
  EXPECT_DOUBLE_EQ(smooth[1], w / (1 + 2 * w));
}

TEST(SmoothGaussian, RefusesAKernelWithoutWidth) {
  EXPECT_THROW(smooth_gaussian(std::vector<std::int64_t>{1}, 0), Error);
}

}  // namespace
}  // namespace hepar
