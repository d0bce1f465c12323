// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/binomial.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hepar/core/error.h"

namespace hepar {
namespace {

TEST(UpperBoundOfRate, HasAClosedFormWithoutAnEvent) {
  // The largest p that leaves no event in n trials at least 5 % of chance: (1 - p)^n = 0.05.
  EXPECT_NEAR(upper_bound_of_rate(0, 149), 1 - std::pow(0.05, 1.0 / 149), 1e-14);
  EXPECT_NEAR(upper_bound_of_rate(0, 1), 0.95, 1e-14);
  // 149 is the least number for a bound below 2 %: 0.98^149 = 0.0493 and 0.98^148 = 0.0503.
  EXPECT_LT(upper_bound_of_rate(0, 149), 0.02);
  EXPECT_GT(upper_bound_of_rate(0, 148), 0.02);
}

TEST(UpperBoundOfRate, LeavesTheTailOfTheBinomialDistribution) {
  // At the bound p, P(at most k events of n) is 5 % by definition. k = 1 of 10: (1-p)^10 + 10 p (1-p)^9.
  const double p = upper_bound_of_rate(1, 10);
  EXPECT_NEAR(std::pow(1 - p, 10) + 10 * p * std::pow(1 - p, 9), 0.05, 1e-12);
}

TEST(UpperBoundOfRate, IsOneWhenAllAreEvents) { EXPECT_EQ(upper_bound_of_rate(7, 7), 1); }

TEST(IntervalOfRate, HasClosedFormsAtBothEnds) {
  // 2.5 % at either end: no event, (1 - high)^20 = 0.025; only events, low^20 = 0.025.
  const double corner = std::pow(0.025, 1.0 / 20);
  EXPECT_EQ(interval_of_rate(0, 20).low, 0);
  EXPECT_NEAR(interval_of_rate(0, 20).high, 1 - corner, 1e-14);
  EXPECT_NEAR(interval_of_rate(20, 20).low, corner, 1e-14);
  EXPECT_EQ(interval_of_rate(20, 20).high, 1);
}

TEST(IntervalOfRate, LeavesBothTails) {
  // One event of two. At low p: P(>= 1 of 2) = 1 - (1-p)^2 = 0.025, p = 1 - sqrt(0.975); high mirrors it.
  const RateInterval half = interval_of_rate(1, 2);
  EXPECT_NEAR(half.low, 1 - std::sqrt(0.975), 1e-14);
  EXPECT_NEAR(half.high, std::sqrt(0.975), 1e-14);
}

TEST(IntervalOfRate, WidensWithTheConfidence) {
  EXPECT_NEAR(interval_of_rate(1, 2, 0.5).low, 1 - std::sqrt(0.75), 1e-14);  // 25 % in either tail
}

TEST(Rates, RefuseWhatIsNoCount) {
  EXPECT_THROW(upper_bound_of_rate(0, 0), Error);
  EXPECT_THROW(upper_bound_of_rate(-1, 5), Error);
  EXPECT_THROW(interval_of_rate(6, 5), Error);
  EXPECT_THROW(interval_of_rate(1, 5, 1.0), Error);
  EXPECT_THROW(upper_bound_of_rate(1, 5, std::nan("")), Error);
}

}  // namespace
}  // namespace hepar
