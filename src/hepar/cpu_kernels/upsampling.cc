// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/upsampling.h"

#include <algorithm>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/scratch.h"
#include "hepar/cpu_kernels/tap_kernels.h"

namespace hepar::cpu {
namespace {

// Voxels that a task takes, fewer where there are many channels: their inputs are to stay in a cache.
constexpr std::int64_t kVoxels = 96, kInputFloats = 32 * 1024;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

PackedWeights pack(const UpsamplingShape& shape, const ConvolutionWeights& weights) {
  const std::int64_t lanes = channel_block(), taps = voxels_of(shape.kernel);
  HEPAR_EXPECT(
      static_cast<std::int64_t>(weights.weight.size()) == shape.in_channels * shape.out_channels * taps,
      "weights of another transposed convolution");
  return {{padded(shape.out_channels, lanes), taps, padded(shape.in_channels, lanes) / lanes, lanes},
          weights.bias,
          [&](const PackedWeights::Place& at) {
            const std::int64_t in = at.inner * lanes + at.lane;
            if (in >= shape.in_channels || at.output >= shape.out_channels) return 0.0f;
            return weights
                .weight[static_cast<std::size_t>((in * shape.out_channels + at.output) * taps + at.outer)];
          }};
}

}  // namespace

Upsampling::Upsampling(const UpsamplingShape& shape, const ConvolutionWeights& weights)
    : shape_(shape),
      block_(channel_block()),
      in_blocks_(padded(shape.in_channels, block_) / block_),
      weights_(pack(shape, weights)) {}

void Upsampling::run(const float* in, float* out, const PlaneRange& planes) const {
  HEPAR_EXPECT(0 <= planes.begin && planes.begin <= planes.end && planes.end <= shape_.out()[0],
               "planes that the output lacks");
  const std::int64_t per_plane = shape_.in[1] * shape_.in[2];
  const std::int64_t first = planes.begin / shape_.kernel[0] * per_plane;
  const std::int64_t end = ceil_div(planes.end, shape_.kernel[0]) * per_plane;
  if (first == end) return;
  const std::int64_t most = std::clamp<std::int64_t>(kInputFloats / (in_blocks_ * block_), 12, kVoxels);
  const std::int64_t groups = ceil_div(end - first, most);
  // Where voxels are few, output channels are shared out too; the threads then read different weights.
  const std::int64_t wanted = thread_count() == 1 ? 1 : ceil_div(4 * thread_count(), groups);
  const std::int64_t shares = std::min(wanted, weights_.pairs());
  parallel_for(groups * shares, [&](std::int64_t task) {
    const std::int64_t group = first + task / shares * most, share = task % shares;
    run_share({in, out, planes}, {group, std::min(group + most, end), share * weights_.pairs() / shares,
                                  (share + 1) * weights_.pairs() / shares});
  });
}

void Upsampling::run_share(const Job& job, const Share& share) const {
  const std::int64_t count = share.end - share.first, block_step = voxels_of(shape_.in) * block_;
  // Side by side, since blocks at distances of powers of 2 compete for the same lines of the cache.
  float* copied = thread_scratch(ScratchSlot::kInputs, count * in_blocks_ * block_);
  for (std::int64_t block = 0; block < in_blocks_; ++block)
    std::copy_n(job.in + block * block_step + share.first * block_, count * block_,
                copied + block * count * block_);
  Size3 tap;
  for (tap[0] = 0; tap[0] < shape_.kernel[0]; ++tap[0])
    for (tap[1] = 0; tap[1] < shape_.kernel[1]; ++tap[1])
      for (tap[2] = 0; tap[2] < shape_.kernel[2]; ++tap[2]) multiply(job, share, copied, tap);
}

void Upsampling::multiply(const Job& job, const Share& share, const float* copied, const Size3& tap) const {
  const Size3 &in = shape_.in, &kernel = shape_.kernel, out = shape_.out();
  const std::int64_t count = share.end - share.first, per_plane = in[1] * in[2];
  // Input planes whose output plane of this tap is wanted: d * kernel + tap in the range.
  const std::int64_t from = ceil_div(std::max<std::int64_t>(job.planes.begin - tap[0], 0), kernel[0]);
  const std::int64_t to = ceil_div(std::max<std::int64_t>(job.planes.end - tap[0], 0), kernel[0]);
  const std::int64_t first = std::max(share.first, from * per_plane),
                     end = std::min(share.end, to * per_plane);
  if (first >= end) return;
  std::vector<std::int64_t> offsets;
  for (std::int64_t v = first; v < end; ++v) {
    const std::int64_t d = v / per_plane * kernel[0] + tap[0] - job.planes.begin;
    const std::int64_t h = v % per_plane / in[2] * kernel[1] + tap[1], w = v % in[2] * kernel[2] + tap[2];
    offsets.push_back(((d * out[1] + h) * out[2] + w) * block_);
  }
  std::vector<Tap> blocks;
  for (std::int64_t block = 0; block < in_blocks_; ++block) blocks.push_back({block * count * block_, block});
  TapProduct product{};
  product.in = copied + (first - share.first) * block_;
  product.lanes = block_;
  product.in_blocks = 1;
  product.taps = blocks.data();
  product.tap_count = in_blocks_;
  product.out_offsets = offsets.data();
  product.out_block_step = (job.planes.end - job.planes.begin) * out[1] * out[2] * block_;
  product.voxels = end - first;
  for (std::int64_t pair = share.first_pair; pair < share.end_pair; ++pair) {
    product.weights = weights_.at(pair, (tap[0] * kernel[1] + tap[1]) * kernel[2] + tap[2]);
    product.out_blocks = weights_.blocks_of(pair);
    product.bias = weights_.bias(pair);
    product.out = job.out + pair * 2 * product.out_block_step;
    tap_kernels().multiply(product);
  }
}

}  // namespace hepar::cpu
