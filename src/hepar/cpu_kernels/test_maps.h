// SPDX-License-Identifier: Apache-2.0
// Random feature maps for the tests of the kernels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "hepar/core/parallel.h"
#include "hepar/core/random.h"
#include "hepar/cpu_kernels/blocked_maps.h"
#include "hepar/cpu_kernels/instruction_set.h"

namespace hepar::cpu {

inline std::vector<float> random_values(std::int64_t count, std::uint64_t seed, double sd = 1) {
  Random random(seed);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(random.normal(0, sd));
  return values;
}

// (channels, voxels) in blocks.
inline AlignedFloats blocked(const std::vector<float>& plain, std::int64_t channels) {
  const auto voxels = static_cast<std::int64_t>(plain.size()) / channels;
  AlignedFloats maps = make_aligned(padded(channels, channel_block()) * voxels);
  block_channels(plain, channels, maps.get());
  return maps;
}

// All channels of whole blocks, those of padding too.
inline std::vector<float> unblocked(const float* maps, std::int64_t channels, std::int64_t voxels) {
  std::vector<float> plain(static_cast<std::size_t>(padded(channels, channel_block()) * voxels));
  unblock_channels(maps, padded(channels, channel_block()), plain);
  return plain;
}

// Not a number everywhere, so that a voxel left out is seen.
inline AlignedFloats unset(std::int64_t count) {
  AlignedFloats maps = make_aligned(count);
  std::fill_n(maps.get(), count, std::nanf(""));
  return maps;
}

// What `run` makes with 1, 2, 3 and 7 threads.
template <class Run>
auto with_threads(const Run& run) {
  const int before = thread_count();
  std::vector<decltype(run())> results;
  for (const int threads : {1, 2, 3, 7}) {
    set_thread_count(threads);
    results.push_back(run());
  }
  set_thread_count(before);
  return results;
}

}  // namespace hepar::cpu
