// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/average_pooling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "hepar/core/test_error.h"
#include "hepar/cpu_kernels/instruction_set.h"

namespace hepar::cpu {
namespace {
using testing::ElementsAre;

// Maps whose channel c holds `values` + 100 c at its voxels, `channels` of them.
AlignedFloats blocked_maps(const std::vector<float>& values, std::int64_t channels) {
  std::vector<float> plain;
  for (std::int64_t c = 0; c < channels; ++c) {
    for (const float value : values) plain.push_back(value + 100 * static_cast<float>(c));
  }
  const std::int64_t voxels = static_cast<std::int64_t>(values.size());
  AlignedFloats blocked = make_aligned(padded(channels, channel_block()) * voxels);
  block_channels(plain, channels, blocked.get());
  return blocked;
}

std::vector<float> channel_of(const AlignedFloats& blocked, std::int64_t voxels, std::int64_t channel) {
  const std::int64_t block = channel_block();
  std::vector<float> values;
  for (std::int64_t v = 0; v < voxels; ++v) {
    values.push_back(
        blocked[static_cast<std::size_t>((channel / block * voxels + v) * block + channel % block)]);
  }
  return values;
}

TEST(AveragePooling, TakesTheMeanOfEachBox) {
  // Two slices of 2 x 4: 1 2 3 4 / 5 6 7 8 and 9 10 11 12 / 13 14 15 16. Boxes of 1 x 2 x 2:
  // (1 + 2 + 5 + 6) / 4 = 3.5, ...; the last channel, in another block, is 100 c more.
  const std::int64_t channels = channel_block() + 3;
  std::vector<float> values(16);
  std::iota(values.begin(), values.end(), 1.0f);
  const AlignedFloats in = blocked_maps(values, channels);
  const std::int64_t last = channels - 1;
  const float more = 100 * static_cast<float>(last);
  AlignedFloats out = make_aligned(2 * channel_block() * 4);
  average_pool(in.get(), {2, 2, 4}, padded(channels, channel_block()), {1, 2, 2}, out.get());
  EXPECT_THAT(channel_of(out, 4, 0), ElementsAre(3.5f, 5.5f, 11.5f, 13.5f));
  EXPECT_THAT(channel_of(out, 4, last), ElementsAre(more + 3.5f, more + 5.5f, more + 11.5f, more + 13.5f));
  EXPECT_THAT(channel_of(out, 4, channels), ElementsAre(0, 0, 0, 0)) << "a lane beyond the last channel";
  // Boxes of all but one voxel's width: 2 x 2 x 1, (1 + 5 + 9 + 13) / 4 = 7, ...
  average_pool(in.get(), {2, 2, 4}, padded(channels, channel_block()), {2, 2, 1}, out.get());
  EXPECT_THAT(channel_of(out, 4, 0), ElementsAre(7, 8, 9, 10));
  EXPECT_THAT(channel_of(out, 4, last), ElementsAre(more + 7, more + 8, more + 9, more + 10));
}

TEST(AveragePooling, TakesWholeBoxesAndBlocks) {
  const std::int64_t lanes = channel_block();
  const AlignedFloats in = make_aligned(lanes * 4 * 4 * 4), out = make_aligned(lanes * 4 * 4 * 4);
  error_of(ErrorCode::kInternal, [&] { average_pool(in.get(), {4, 4, 3}, lanes, {2, 2, 2}, out.get()); });
  error_of(ErrorCode::kInternal, [&] { average_pool(in.get(), {4, 4, 4}, lanes - 1, {2, 2, 2}, out.get()); });
}

}  // namespace
}  // namespace hepar::cpu
