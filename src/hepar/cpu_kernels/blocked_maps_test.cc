// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/blocked_maps.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "hepar/core/test_error.h"
#include "hepar/cpu_kernels/instruction_set.h"

namespace hepar::cpu {
namespace {

TEST(BlockedMaps, HoldEachChannelInItsLaneAndZerosBeyondTheLast) {
  const std::int64_t lanes = channel_block(), channels = lanes + 1;
  std::vector<float> plain;
  for (std::int64_t n = 0; n < channels * 2; ++n) plain.push_back(static_cast<float>(n + 1));
  const AlignedFloats maps = make_aligned(2 * lanes * 2);
  block_channels(plain, channels, maps.get());
  EXPECT_EQ(maps[0], 1) << "channel 0, voxel 0";
  EXPECT_EQ(maps[1], 3) << "channel 1, voxel 0";
  EXPECT_EQ(maps[static_cast<std::size_t>(lanes)], 2) << "channel 0, voxel 1";
  EXPECT_EQ(maps[static_cast<std::size_t>(2 * lanes)], static_cast<float>(2 * lanes + 1))
      << "the second block";
  EXPECT_EQ(maps[static_cast<std::size_t>(2 * lanes + 1)], 0) << "a lane beyond the last channel";
  std::vector<float> back(plain.size());
  unblock_channels(maps.get(), channels, back);
  EXPECT_EQ(back, plain);
}

// Of both kinds: from the heap, and on pages of their own (from 2 MiB on).
TEST(MakeAligned, GivesWholeCacheLines) {
  for (const std::int64_t count : {1, 100, 1 << 19, (1 << 20) + 3}) {
    const AlignedFloats values = make_aligned(count);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(values.get()) % 64, 0U) << count;
    values[0] = 1;
    values[static_cast<std::size_t>(count - 1)] = 2;
    EXPECT_EQ(values[static_cast<std::size_t>(count - 1)], 2);
  }
}

TEST(MakeAligned, SaysWhenThereIsNoMemory) {
  error_of(ErrorCode::kExhausted, [] { make_aligned(std::int64_t{1} << 50); });
}

TEST(MakeAligned, RefusesACountBelowZero) {
  error_of(ErrorCode::kInternal, [] { make_aligned(-1); });
}

}  // namespace
}  // namespace hepar::cpu
