// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_torch/maps_pool.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "hepar/nn_torch/blocked_tensors.h"

namespace hepar::blocked {
namespace {

// 4 MB: on pages of their own, which the heap must not be given.
constexpr std::int64_t kLarge = std::int64_t{1} << 20;

TEST(MapsPool, GivesTheSameMemoryForTheSameSize) {
  MapsPool pool;
  cpu::AlignedFloats values = pool.take(kLarge);
  const float* place = values.get();
  pool.give_back(std::move(values), kLarge);
  values = pool.take(kLarge);
  EXPECT_EQ(values.get(), place);
  EXPECT_EQ(pool.held(), kLarge);
}

TEST(MapsPool, HoldsNoMoreThanWasInUseAtOnce) {
  MapsPool pool;
  // In use at once: 1 + 2 + 3, then 5, 4 + 1, 2 + 3 + 1, and 7 blocks of 4 MB.
  const std::vector<std::vector<std::int64_t>> rounds{{1, 2, 3}, {5}, {4, 1}, {2, 3, 1}, {7}};
  std::int64_t most = 0;
  for (const auto& round : rounds) {
    std::vector<std::pair<cpu::AlignedFloats, std::int64_t>> taken;
    std::int64_t in_use = 0;
    for (const std::int64_t size : round) {
      const std::int64_t count = size * kLarge;
      taken.emplace_back(pool.take(count), count);
      taken.back().first[0] = taken.back().first[static_cast<std::size_t>(count - 1)] = 1;
      in_use += count;
      most = std::max(most, in_use);
      EXPECT_LE(pool.held(), most);
      EXPECT_GE(pool.held(), in_use);
    }
    for (auto& [values, count] : taken) pool.give_back(std::move(values), count);
    EXPECT_LE(pool.held(), most);
  }
  EXPECT_EQ(pool.held(), 7 * kLarge);
}

// Those of the first size are given up for the second, and the other way round.
TEST(MakeMaps, OutlivesOtherSizes) {
  for (const std::int64_t edge : {64, 56, 60, 64, 48, 72}) {
    const at::Tensor first = make_maps(2, 16, {edge, edge, edge}), second = make_maps(1, 16, {edge, 8, edge});
    first.fill_(1);
    second.fill_(2);
    EXPECT_EQ(first.min().item<float>(), 1);
    EXPECT_EQ(second.max().item<float>(), 2);
  }
}

}  // namespace
}  // namespace hepar::blocked
