// SPDX-License-Identifier: Apache-2.0
#include "hepar/core/random.h"

#include <gtest/gtest.h>

#include <cmath>

namespace hepar {
namespace {

TEST(Random, SameSeedSameDrawsAndForksAreIndependentOfDraws) {
  Random a(7), b(7);
  const auto from_fresh = a.fork(3).next();
  for (int n = 0; n < 10; ++n) EXPECT_EQ(a.next(), b.next());
  EXPECT_EQ(a.fork(3).next(), from_fresh);
  EXPECT_NE(a.fork(4).next(), from_fresh);
}

TEST(Random, UniformMomentsMatchTheory) {
  // Mean 1/2 with standard error sqrt(1/12 / n) = 9.1e-4 at n = 100 000: five of them allowed.
  Random random(1);
  double sum = 0;
  for (int n = 0; n < 100000; ++n) sum += random.uniform();
  EXPECT_NEAR(sum / 100000, 0.5, 5 * 9.2e-4);
}

TEST(Random, NormalMomentsMatchTheory) {
  // Standard errors at n = 100 000: mean 3.2e-3, variance sqrt(2/n) = 4.5e-3; five of them allowed.
  Random random(2);
  double sum = 0, squares = 0;
  for (int n = 0; n < 100000; ++n) {
    const double x = random.normal();
    sum += x, squares += x * x;
  }
  EXPECT_NEAR(sum / 100000, 0, 0.016);
  EXPECT_NEAR(squares / 100000, 1, 0.023);
}

TEST(Random, IntegerCoversBothEnds) {
  Random random(3);
  bool low = false, high = false;
  for (int n = 0; n < 200; ++n) {
    const auto value = random.integer(-1, 1);
    ASSERT_GE(value, -1);
    ASSERT_LE(value, 1);
    low |= value == -1, high |= value == 1;
  }
  EXPECT_TRUE(low && high);
}

}  // namespace
}  // namespace hepar
