// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/head.h"

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/scratch.h"
#include "hepar/cpu_kernels/tap_kernels.h"

namespace hepar::cpu {

Head::Head(std::int64_t channels, std::int64_t heads, const ConvolutionWeights& weights)
    : heads_(heads),
      blocks_(padded(channels, channel_block()) / channel_block()),
      bias_(weights.bias.begin(), weights.bias.end()) {
  HEPAR_EXPECT(static_cast<std::int64_t>(weights.weight.size()) == heads * channels &&
                   static_cast<std::int64_t>(bias_.size()) == heads,
               "weights of other heads");
  for (std::int64_t head = 0; head < heads; ++head) {
    const auto row =
        weights.weight.subspan(static_cast<std::size_t>(head * channels), static_cast<std::size_t>(channels));
    weights_.insert(weights_.end(), row.begin(), row.end());
    weights_.resize(static_cast<std::size_t>((head + 1) * blocks_ * channel_block()), 0.0f);
  }
}

void Head::run(const float* maps, std::int64_t voxels, float* logits) const {
  constexpr std::int64_t kVoxels = 4096;  // of a task; a multiple of any block
  const std::int64_t lanes = channel_block(), whole = voxels / lanes * lanes;
  const HeadRow all{maps,   voxels * lanes, blocks_, weights_.data(), bias_.data(), heads_,
                    logits, voxels,         whole};
  parallel_for((whole + kVoxels - 1) / kVoxels, [&](std::int64_t task) {
    HeadRow row = all;
    row.maps += task * kVoxels * lanes;
    row.out += task * kVoxels;
    row.voxels = std::min(kVoxels, whole - task * kVoxels);
    tap_kernels().dot(row);
  });
  if (whole < voxels) run_rest(maps, voxels, logits);
}

// The kernel takes whole blocks of voxels.
void Head::run_rest(const float* maps, std::int64_t voxels, float* logits) const {
  const std::int64_t lanes = channel_block(), whole = voxels / lanes * lanes, rest = voxels - whole;
  float* copied = thread_scratch(ScratchSlot::kInputs, (blocks_ + heads_) * lanes * lanes);
  float* dots = copied + blocks_ * lanes * lanes;
  for (std::int64_t block = 0; block < blocks_; ++block) {
    float* target = copied + block * lanes * lanes;
    std::copy_n(maps + (block * voxels + whole) * lanes, rest * lanes, target);
    std::fill_n(target + rest * lanes, (lanes - rest) * lanes, 0.0f);
  }
  tap_kernels().dot(
      {copied, lanes * lanes, blocks_, weights_.data(), bias_.data(), heads_, dots, lanes, lanes});
  for (std::int64_t head = 0; head < heads_; ++head)
    std::copy_n(dots + head * lanes, rest, logits + head * voxels + whole);
}

}  // namespace hepar::cpu
