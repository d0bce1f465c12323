// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_torch/dropout.h"

#include <gtest/gtest.h>

namespace hepar {
namespace {

TEST(DropoutFactors, AreZeroOrKeepTheMean) {
  const at::Tensor factors = dropout_factors({{Random(5)}}, 0, 10000, 0.25);
  EXPECT_EQ(factors.sizes(), at::IntArrayRef({1, 10000, 1, 1, 1}));
  const at::Tensor kept = factors.masked_select(factors > 0);
  EXPECT_EQ(kept.min().item<float>(), static_cast<float>(1 / 0.75));
  EXPECT_EQ(kept.max().item<float>(), static_cast<float>(1 / 0.75));
  EXPECT_EQ(factors.min().item<float>(), 0);
  // 7500 of 10000 kept, with a binomial SD of sqrt(10000 / 4 * 3 / 4) = 43; four of them.
  EXPECT_NEAR(static_cast<double>(kept.numel()), 7500, 173);
}

TEST(DropoutFactors, DependOnSampleAndLayerAlone) {
  const DropoutDraw two{{Random(1), Random(2)}}, second{{Random(2)}};
  const at::Tensor both = dropout_factors(two, 3, 64, 0.5);
  EXPECT_TRUE(at::equal(both.slice(0, 1), dropout_factors(second, 3, 64, 0.5)));
  EXPECT_TRUE(at::equal(both, dropout_factors(two, 3, 64, 0.5)));
  // Two rows of 64 fair bits agree with a probability of 2^-64.
  EXPECT_FALSE(at::equal(both.slice(0, 0, 1), both.slice(0, 1)));
  EXPECT_FALSE(at::equal(both, dropout_factors(two, 4, 64, 0.5)));
}

TEST(DropoutFactors, OfAShareOfOneDropEverything) {
  EXPECT_EQ(dropout_factors({{Random(1)}}, 0, 64, 1).abs().max().item<float>(), 0);
}

}  // namespace
}  // namespace hepar
