// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

namespace hepar::cpu {

// Feature maps in memory: [channel block][d][h][w][lane], blocks of channel_block() lanes
// (instruction_set.h), the lanes beyond the last channel zero. oneDNN calls them nCdhw8c and nCdhw16c.

// 64-byte aligned floats, not initialised. Large ones are on pages of their own, huge ones where the system
// has them, and go back to it at once. Error(kExhausted) when there is no memory.
struct FreeAligned {
  std::size_t mapped_bytes = 0;  // 0: from the heap
  void operator()(float* values) const;
};
using AlignedFloats = std::unique_ptr<float[], FreeAligned>;
AlignedFloats make_aligned(std::int64_t count);

// Along d, h, w.
using Size3 = std::array<std::int64_t, 3>;
inline std::int64_t voxels_of(const Size3& size) { return size[0] * size[1] * size[2]; }

// For a >= 0 and b > 0.
inline std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Channels in whole blocks.
inline std::int64_t padded(std::int64_t channels, std::int64_t block) {
  return ceil_div(channels, block) * block;
}

// (C, D, H, W) into blocks, and back.
void block_channels(std::span<const float> plain, std::int64_t channels, float* blocked);
void unblock_channels(const float* blocked, std::int64_t channels, std::span<float> plain);

}  // namespace hepar::cpu
