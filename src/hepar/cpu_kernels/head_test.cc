// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/head.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"
#include "hepar/cpu_kernels/test_maps.h"
#include "hepar/nn_reference/reference_layers.h"

namespace hepar::cpu {
namespace {

// Voxels below, at and beyond a block and a task, heads beyond a block.
TEST(Head, AgreesWithPlainLoopsOnAnyNumberOfThreads) {
  for (const std::int64_t voxels : {1, 7, 16, 8197}) {
    for (const std::int64_t channels : {5, 32}) {
      for (const std::int64_t heads : {1, 3, 19}) {
        const NamedTensor weight{{heads, channels, 1, 1, 1}, random_values(heads * channels, 1, 0.2)};
        const NamedTensor bias{{heads}, random_values(heads, 2)};
        const std::vector<float> plain = random_values(channels * voxels, 3);
        reference::Maps maps({1, channels, 1, 1, voxels});
        maps.values.assign(plain.begin(), plain.end());
        const std::vector<double> right = reference::convolve(maps, {weight, bias}, {1, 1, 1}).values;
        const AlignedFloats in = blocked(plain, channels);
        const Head head(channels, heads, {weight.values, bias.values});
        const auto results = with_threads([&] {
          std::vector<float> logits(static_cast<std::size_t>(heads * voxels), std::nanf(""));
          head.run(in.get(), voxels, logits.data());
          return logits;
        });
        for (const auto& result : results) ASSERT_EQ(result, results[0]);
        // Sums near 1 of at most 32 products.
        for (std::size_t n = 0; n < right.size(); ++n)
          ASSERT_NEAR(results[0][n], right[n], 2e-6) << voxels << " voxels, value " << n;
      }
    }
  }
}

TEST(Head, RefusesWeightsOfOtherHeads) {
  const std::vector<float> weight(6), bias(2);
  EXPECT_THROW(Head(4, 2, {weight, bias}), Error);
  EXPECT_THROW(Head(3, 2, {weight, std::span(bias).first(1)}), Error);
}

}  // namespace
}  // namespace hepar::cpu
