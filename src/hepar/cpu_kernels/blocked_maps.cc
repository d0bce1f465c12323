// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/blocked_maps.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/instruction_set.h"

namespace hepar::cpu {

AlignedFloats make_aligned(std::int64_t count) {
  constexpr std::size_t kCacheLine = 64, kHugePage = std::size_t{2} << 20;
  const std::size_t wanted = static_cast<std::size_t>(count) * sizeof(float);
  const std::size_t alignment = wanted >= kHugePage ? kHugePage : kCacheLine;
  const std::size_t bytes = std::max((wanted + alignment - 1) / alignment * alignment, alignment);
  AlignedFloats values(static_cast<float*>(std::aligned_alloc(alignment, bytes)));
  if (!values) {
    throw Error(
        ErrorCode::kExhausted,
        fmt::format("no memory for {} MB of feature maps; use a model with smaller patches", bytes >> 20));
  }
  // Fewer misses in the table of pages; without huge pages the same result, so that a refusal is no error.
  if (alignment == kHugePage) ::madvise(values.get(), bytes, MADV_HUGEPAGE);
  return values;
}

void block_channels(std::span<const float> plain, std::int64_t channels, float* blocked) {
  const std::int64_t lanes = channel_block();
  const std::int64_t voxels = static_cast<std::int64_t>(plain.size()) / channels;
  parallel_for(padded(channels, lanes), [&](std::int64_t channel) {
    float* target = blocked + channel / lanes * voxels * lanes + channel % lanes;
    const float* source = plain.data() + channel * voxels;
    for (std::int64_t v = 0; v < voxels; ++v) target[v * lanes] = channel < channels ? source[v] : 0.0f;
  });
}

void unblock_channels(const float* blocked, std::int64_t channels, std::span<float> plain) {
  const std::int64_t lanes = channel_block();
  const std::int64_t voxels = static_cast<std::int64_t>(plain.size()) / channels;
  parallel_for(channels, [&](std::int64_t channel) {
    const float* source = blocked + channel / lanes * voxels * lanes + channel % lanes;
    float* target = plain.data() + channel * voxels;
    for (std::int64_t v = 0; v < voxels; ++v) target[v] = source[v * lanes];
  });
}

}  // namespace hepar::cpu
