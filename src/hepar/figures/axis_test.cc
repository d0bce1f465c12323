// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/axis.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using testing::ElementsAre;
using Values = std::vector<double>;

std::vector<std::string> labels(const Axis& axis) {
  std::vector<std::string> found;
  for (const AxisTick& tick : axis.ticks())
    if (!tick.label.empty()) found.push_back(tick.label);
  return found;
}

TEST(LinearAxis, TakesStepsOfOneTwoOrFive) {
  // 9.3 / 6 = 1.55, so steps of 2.
  const Axis axis(Values{9.3, 0, 4}, false);
  EXPECT_THAT(labels(axis), ElementsAre("0", "2", "4", "6", "8", "10"));
  EXPECT_EQ(axis.low(), 0);
  EXPECT_EQ(axis.high(), 10);
  EXPECT_DOUBLE_EQ(axis.share(2.5), 0.25);
  EXPECT_THAT(labels(Axis(Values{-0.21, 0.3}, false)),
              ElementsAre("-0.3", "-0.2", "-0.1", "0", "0.1", "0.2", "0.3"));
  // 20 / 6 = 3.3, steps of 5; both ends lie on ticks.
  EXPECT_THAT(labels(Axis(Values{80, 100}, false)), ElementsAre("80", "85", "90", "95", "100"));
}

TEST(LinearAxis, BeginsAtZeroUnlessTheValuesStayInTheUpperHalf) {
  EXPECT_EQ(Axis(Values{50, 100}, false).low(), 0);
  EXPECT_EQ(Axis(Values{60, 100}, false).low(), 60);
  EXPECT_EQ(Axis(Values{-100, -50}, false).high(), 0);
}

TEST(LinearAxis, HasWidthForOneValue) {
  EXPECT_LT(Axis(Values{7}, false).low(), 7);
  EXPECT_GT(Axis(Values{7}, false).high(), 7);
  EXPECT_LT(Axis(Values{0}, false).low(), 0);
}

TEST(LinearAxis, ShortensLargeAndSmallNumbers) {
  EXPECT_THAT(labels(Axis(Values{0, 4e6}, false)), ElementsAre("0", "1e6", "2e6", "3e6", "4e6"));
  EXPECT_THAT(labels(Axis(Values{0, 4e-6}, false)), ElementsAre("0", "1e-6", "2e-6", "3e-6", "4e-6"));
}

TEST(LogarithmicAxis, NumbersTheDecadesOfAWideRange) {
  const Axis axis(Values{1, 3, 1000}, true);
  EXPECT_THAT(labels(axis), ElementsAre("1", "10", "100", "1000"));
  EXPECT_EQ(axis.ticks().size(), 28U);  // 9 a decade, and the last
  EXPECT_NEAR(axis.share(10), 1.0 / 3, 1e-12);
  EXPECT_THAT(labels(Axis(Values{0.003, 0.4}, true)), ElementsAre("0.01", "0.1"));  // from 0.002 to 0.5
}

TEST(LogarithmicAxis, NumbersOneTwoFiveOfANarrowRange) {
  EXPECT_THAT(labels(Axis(Values{0.03, 0.4}, true)), ElementsAre("0.02", "0.05", "0.1", "0.2", "0.5"));
  const Axis one(Values{10}, true);
  EXPECT_NEAR(one.low(), 5, 1e-9);
  EXPECT_NEAR(one.high(), 20, 1e-9);
}

TEST(Axis, RefusesWhatCannotBeDrawn) {
  EXPECT_THROW(Axis(Values{}, false), Error);
  EXPECT_THROW(Axis(Values{1, std::nan("")}, false), Error);
  EXPECT_THROW(Axis(Values{1, std::numeric_limits<double>::infinity()}, false), Error);
  EXPECT_THROW(Axis(Values{1, 0}, true), Error);
}

}  // namespace
}  // namespace hepar
