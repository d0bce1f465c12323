// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/roc.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using Scores = std::vector<double>;
constexpr double kZ = 1.959963984540054;  // 0.975 quantile of the standard normal distribution

TEST(RocCurve, CountsPairsInOrderAndTiesOneHalf) {
  // Of the 4 negatives, 2 lie below 3; 3 below 5 and one ties; 4 below 6: (2 + 3.5 + 4) / 12.
  const RocCurve curve = roc_curve(Scores{6, 3, 5}, Scores{4, 1, 5, 2});
  EXPECT_DOUBLE_EQ(curve.area, 19.0 / 24);
  EXPECT_DOUBLE_EQ(roc_curve(Scores{4, 1, 5, 2}, Scores{6, 3, 5}).area, 5.0 / 24);
}

TEST(RocCurve, HasDeLongsInterval) {
  // Shares of negatives below the positives: 12, 21, 24 (/24); deviations -7, 2, 5, variance 39/576.
  // Shares of positives below the negatives: 0, 0, 8, 12 (/24); deviations -5, -5, 3, 7, variance 36/576.
  // Variance of the area: (39/3 + 36/4) / 576 = 22/576.
  const RocCurve curve = roc_curve(Scores{6, 3, 5}, Scores{4, 1, 5, 2});
  EXPECT_NEAR(curve.area_interval.low, (19 - kZ * std::sqrt(22.0)) / 24, 1e-12);
  EXPECT_EQ(curve.area_interval.high, 1);  // (19 + 9.2) / 24, cut
}

TEST(RocCurve, HasAnIntervalOfSomeWidthWithoutOverlap) {
  // DeLong's variance is 0. Newcombe's for one score on either side is A (1 - A), and the A that lies z of
  // its SDs below 1 has (1 - A)^2 = z^2 A (1 - A): A = 1 / (1 + z^2).
  const RocCurve one = roc_curve(Scores{2}, Scores{1});
  EXPECT_EQ(one.area, 1);
  EXPECT_NEAR(one.area_interval.low, 1 / (1 + kZ * kZ), 1e-12);
  EXPECT_EQ(one.area_interval.high, 1);
  // Two on either side: (2 + 2) / 2 - 1 = 1, so with B = 1 - A
  // B^2 = z^2 A B (1 + B / (1 + B) + A / (1 + A)) / 4.
  const double low = roc_curve(Scores{3, 4}, Scores{1, 2}).area_interval.low, b = 1 - low;
  EXPECT_NEAR(b * b, kZ * kZ * low * b * (1 + b / (1 + b) + low / (1 + low)) / 4, 1e-10);
  EXPECT_GT(low, one.area_interval.low);
}

TEST(RocCurve, MirrorsTheIntervalWhenAllIsTheWrongWayRound) {
  const RocCurve curve = roc_curve(Scores{1}, Scores{2});
  EXPECT_EQ(curve.area, 0);
  EXPECT_EQ(curve.area_interval.low, 0);
  EXPECT_NEAR(curve.area_interval.high, 1 - 1 / (1 + kZ * kZ), 1e-12);
}

TEST(RocCurve, SaysLittleWhenAllScoresAreEqual) {
  const RocCurve curve = roc_curve(Scores{1, 1, 1}, Scores{1, 1});
  EXPECT_EQ(curve.area, 0.5);
  EXPECT_LT(curve.area_interval.low, 0.2);
  EXPECT_NEAR(curve.area_interval.low, 1 - curve.area_interval.high, 1e-12);
  ASSERT_EQ(curve.points.size(), 1U);
}

TEST(RocCurve, HasOnePointPerDistinctScore) {
  const RocCurve curve = roc_curve(Scores{6, 3, 5}, Scores{4, 1, 5, 5});
  const std::vector<RocPoint> wanted{
      {6, 1.0 / 3, 0}, {5, 2.0 / 3, 0.5}, {4, 2.0 / 3, 0.75}, {3, 1, 0.75}, {1, 1, 1}};
  ASSERT_EQ(curve.points.size(), wanted.size());
  for (std::size_t n = 0; n < wanted.size(); ++n) {
    EXPECT_EQ(curve.points[n].threshold, wanted[n].threshold);
    EXPECT_DOUBLE_EQ(curve.points[n].true_positive_rate, wanted[n].true_positive_rate) << n;
    EXPECT_DOUBLE_EQ(curve.points[n].false_positive_rate, wanted[n].false_positive_rate) << n;
  }
}

TEST(RocCurve, RefusesAnEmptySideAndWhatIsNotFinite) {
  EXPECT_THROW(roc_curve(Scores{}, Scores{1}), Error);
  EXPECT_THROW(roc_curve(Scores{1}, Scores{}), Error);
  EXPECT_THROW(roc_curve(Scores{std::nan("")}, Scores{1}), Error);
  EXPECT_THROW(roc_curve(Scores{1}, Scores{std::numeric_limits<double>::infinity()}), Error);
}

}  // namespace
}  // namespace hepar
