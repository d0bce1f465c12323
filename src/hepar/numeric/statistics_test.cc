// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using Values = std::vector<double>;

TEST(Mean, IsTheSumOverTheCount) {
  EXPECT_DOUBLE_EQ(*mean(Values{1, 2, 6}), 3);
  EXPECT_FALSE(mean(Values{}));
}

TEST(SampleSd, DividesByOneLess) {
  // Deviations -2, -1, 3: (4 + 1 + 9) / 2 = 7.
  EXPECT_DOUBLE_EQ(*sample_sd(Values{1, 2, 6}), std::sqrt(7.0));
  EXPECT_FALSE(sample_sd(Values{5}));
}

TEST(SampleSd, KeepsItsDigitsFarFromZero) {
  // Sum of squares minus square of sums would leave nothing of the SD 1 at 1e9.
  EXPECT_DOUBLE_EQ(*sample_sd(Values{1e9 - 1, 1e9, 1e9 + 1}), 1);
}

TEST(Percentile, InterpolatesBetweenOrderStatistics) {
  // Position of 95 % among 5 values: 0.95 * 4 = 3.8, so 40 + 0.8 * (50 - 40).
  const Values values{50, 10, 40, 20, 30};
  EXPECT_DOUBLE_EQ(*percentile(values, 95), 48);
  EXPECT_DOUBLE_EQ(*percentile(values, 0), 10);
  EXPECT_DOUBLE_EQ(*percentile(values, 25), 20);
  EXPECT_DOUBLE_EQ(*percentile(values, 100), 50);
  EXPECT_DOUBLE_EQ(*percentile(Values{7}, 95), 7);
  EXPECT_FALSE(percentile(Values{}, 95));
}

TEST(Percentile, RefusesWhatIsNoPercentage) {
  EXPECT_THROW(percentile(Values{1}, 100.5), Error);
  EXPECT_THROW(percentile(Values{1}, std::nan("")), Error);
}

TEST(Median, IsTheMiddleOrTheMeanOfTheTwoMiddle) {
  EXPECT_DOUBLE_EQ(*median(Values{9, 1, 5}), 5);
  EXPECT_DOUBLE_EQ(*median(Values{9, 1, 5, 6}), 5.5);
}

TEST(MedianAbsoluteDeviation, IgnoresOneOutlier) {
  // Median 3; distances 2, 1, 0, 1, 997; their median 1.
  EXPECT_DOUBLE_EQ(*median_absolute_deviation(Values{1, 2, 3, 4, 1000}), 1);
  EXPECT_FALSE(median_absolute_deviation(Values{}));
}

TEST(Summarise, GivesAllFigures) {
  // Quartiles at the positions 0.5 and 1.5 of the sorted three: between 1 and 2, between 2 and 6.
  const Summary summary = summarise(Values{6, 1, 2});
  EXPECT_EQ(summary.n, 3);
  EXPECT_DOUBLE_EQ(*summary.mean, 3);
  EXPECT_DOUBLE_EQ(*summary.sd, std::sqrt(7.0));
  EXPECT_DOUBLE_EQ(*summary.min, 1);
  EXPECT_DOUBLE_EQ(*summary.q1, 1.5);
  EXPECT_DOUBLE_EQ(*summary.median, 2);
  EXPECT_DOUBLE_EQ(*summary.q3, 4);
  EXPECT_DOUBLE_EQ(*summary.max, 6);
}

TEST(Summarise, LeavesUndefinedFiguresEmpty) {
  const Summary none = summarise(Values{});
  EXPECT_EQ(none.n, 0);
  EXPECT_FALSE(none.mean || none.sd || none.min || none.q1 || none.median || none.q3 || none.max);
  const Summary one = summarise(Values{4});
  EXPECT_FALSE(one.sd);
  EXPECT_DOUBLE_EQ(*one.median, 4);
}

}  // namespace
}  // namespace hepar
