// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/bootstrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using Values = std::vector<double>;

constexpr double kZ = 1.959963984540054;  // 97.5 % point of the standard normal distribution

double normal_cdf(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }

Values range(double first, std::size_t count) {
  Values values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

TEST(BootstrapMeans, DrawEveryValueEquallyOften) {
  // Of {0, 1} two are drawn: the mean is 0, 1/2, 1 with probability 1/4, 1/2, 1/4. Counts of 10000 draws
  // have SDs of 43, 50 and 43; 250 is five of them.
  const Values means = bootstrap_means(Values{0, 1}, 10000, 3);
  ASSERT_EQ(means.size(), 10000U);
  EXPECT_NEAR(static_cast<double>(std::count(means.begin(), means.end(), 0.0)), 2500, 250);
  EXPECT_NEAR(static_cast<double>(std::count(means.begin(), means.end(), 0.5)), 5000, 250);
  EXPECT_NEAR(static_cast<double>(std::count(means.begin(), means.end(), 1.0)), 2500, 250);
}

TEST(BootstrapMeans, SpreadAsTheStandardErrorOfTheMean) {
  // Variance of the mean of n draws from 1..10: (10^2 - 1) / 12 / 10 = 0.825. The variance of 10000 means
  // is known to about sqrt(2 / 10000) = 1.4 %; 7 % is five of these.
  const Values means = bootstrap_means(range(1, 10), 10000, 4);
  EXPECT_NEAR(*mean(means), 5.5, 5 * std::sqrt(0.825 / 10000));
  EXPECT_NEAR(std::pow(*sample_sd(means), 2), 0.825, 0.07 * 0.825);
}

TEST(BootstrapMeans, DependOnTheSeedAlone) {
  const Values values = range(1, 10);
  EXPECT_EQ(bootstrap_means(values, 100, 5), bootstrap_means(values, 100, 5));
  EXPECT_NE(bootstrap_means(values, 100, 5), bootstrap_means(values, 100, 6));
}

TEST(BootstrapMeans, TieWithTheMeanInAnyOrderOfDraws) {
  // The last digit of 0.1 + 0.2 + 0.5 depends on the order. Each of the three is drawn once with probability
  // 6 / 27, so 2222 times of 10000, SD 42; no other draw sums to 0.8.
  const Values values{0.1, 0.2, 0.5};
  ASSERT_NE((0.1 + 0.2) + 0.5, (0.5 + 0.2) + 0.1);
  const Values means = bootstrap_means(values, 10000, 7);
  EXPECT_NEAR(static_cast<double>(std::count(means.begin(), means.end(), *mean(values))), 2222, 210);
}

TEST(BootstrapMeans, RefuseNothing) {
  EXPECT_THROW(bootstrap_means(Values{}, 10, 1), Error);
  EXPECT_THROW(bootstrap_means(Values{1, 2}, 0, 1), Error);
}

TEST(BcaFromMeans, IsThePercentileIntervalWithoutBiasAndSkewness) {
  // {-1, 1} has no skewness, and of the means one lies below 0, one above, two on it: 2.5 % is the position
  // 0.025 * 3 = 0.075 between -1 and 0.
  const auto interval = bca_from_means(Values{-1, 1}, Values{0, 1, -1, 0}, 0.95);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, -1 + 0.075, 1e-14);
  EXPECT_NEAR(interval->high, 1 - 0.075, 1e-14);
}

TEST(BcaFromMeans, ShiftsByTheAcceleration) {
  // {0, 0, 3}: deviations -1, -1, 2; squares sum to 6, cubes to 6, a = 6 / (6 * 6^1.5) = 1 / 6^1.5. Means
  // -499 ... 501 lie around 1 without bias, and a level is a position of 1000 of them.
  const auto interval = bca_from_means(Values{0, 0, 3}, range(-499, 1001), 0.95);
  const double a = std::pow(6, -1.5);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, -499 + 1000 * normal_cdf(-kZ / (1 + a * kZ)), 1e-9);
  EXPECT_NEAR(interval->high, -499 + 1000 * normal_cdf(kZ / (1 - a * kZ)), 1e-9);
}

TEST(BcaFromMeans, ShiftsByTwiceTheBias) {
  // No skewness; of 1001 means 0 ... 1000 the one of the sample, 841, has 841 below and ties with itself.
  // With z = probit(841.5 / 1001) the levels are cdf(2 z -+ 1.96). Found by the inverse: cdf(z) is the share.
  const auto interval = bca_from_means(Values{840, 842}, range(0, 1001), 0.95);
  ASSERT_TRUE(interval);
  double low = 0, high = 3;
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (normal_cdf(middle) < 841.5 / 1001 ? low : high) = middle;
  }
  EXPECT_NEAR(interval->low, 1000 * normal_cdf(2 * low - kZ), 1e-9);
  EXPECT_NEAR(interval->high, 1000 * normal_cdf(2 * low + kZ), 1e-9);
}

TEST(BcaFromMeans, IsEmptyWhereItIsUndefined) {
  EXPECT_FALSE(bca_from_means(Values{1}, Values{1, 1}, 0.95));
  EXPECT_FALSE(bca_from_means(Values{1, 3}, Values{0, 1}, 0.95));  // all means below 2: the bias is infinite
  EXPECT_FALSE(bca_from_means(Values{1, 3}, Values{3, 4}, 0.95));
  EXPECT_THROW(bca_from_means(Values{1, 3}, Values{}, 0.95), Error);
  EXPECT_THROW(bca_from_means(Values{1, 3}, Values{1, 3}, 1), Error);
  EXPECT_THROW(bca_from_means(Values{1, 3}, Values{1, 3}, 0), Error);
}

TEST(BcaInterval, HasNoWidthWhenAllValuesAreEqual) {
  // 0.1 + 0.1 + 0.1 divided by 3 is not 0.1, but the interval is.
  const auto interval = bca_interval(Values{0.1, 0.1, 0.1});
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->low, 0.1);
  EXPECT_EQ(interval->high, 0.1);
}

TEST(BcaInterval, IsEmptyForFewerThanTwoValues) {
  EXPECT_FALSE(bca_interval(Values{}));
  EXPECT_FALSE(bca_interval(Values{1}));
}

TEST(BcaInterval, NearsTheNormalIntervalOfManyValues) {
  // 1 ... 200, symmetric: 100.5 -+ 1.96 sqrt((200^2 - 1) / 12 / 200). The end of a 95 % interval from 9999
  // means is known to sqrt(0.025 * 0.975 / 9999) / 0.0584 = 0.027 standard errors; 0.15 is five of these.
  const double error = std::sqrt((200.0 * 200 - 1) / 12 / 200);
  const auto interval = bca_interval(range(1, 200));
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, 100.5 - kZ * error, 0.15 * error);
  EXPECT_NEAR(interval->high, 100.5 + kZ * error, 0.15 * error);
}

TEST(BcaInterval, NarrowsWithTheConfidence) {
  const Values values = range(1, 30);
  const auto wide = bca_interval(values), narrow = bca_interval(values, {.confidence = 0.5});
  EXPECT_LT(wide->low, narrow->low);
  EXPECT_GT(wide->high, narrow->high);
}

}  // namespace
}  // namespace hepar
