// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/spread_convolution.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace hepar::cpu {
namespace {

TEST(SpreadConvolution, LeavesZerosBetweenTheParts) {
  // Two parts of one channel in blocks of 8, two taps: inputs lie at channels 0 and 8.
  const NamedTensor weight{{1, 2, 1, 1, 2}, {1, 2, 3, 4}}, bias{{1}, {5}};
  const SpreadLayer layer = spread_convolution(weight, bias, {{1, 1}, 8}, 8);
  ASSERT_EQ(layer.weight.size(), 8u * 16 * 2);
  EXPECT_EQ(layer.weight[0], 1);
  EXPECT_EQ(layer.weight[1], 2);
  EXPECT_EQ(layer.weight[16], 3);
  EXPECT_EQ(layer.weight[17], 4);
  EXPECT_EQ(std::count(layer.weight.begin(), layer.weight.end(), 0.0f), 8 * 16 * 2 - 4);
  EXPECT_EQ(layer.bias, (std::vector<float>{5, 0, 0, 0, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace hepar::cpu
