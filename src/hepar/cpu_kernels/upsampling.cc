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

// The output plane `a` of the boxes.
void multiply_plane(const UpsamplingShape& shape, const PackedWeights& weights, TapProduct product,
                    std::int64_t pair, std::int64_t a) {
  const std::int64_t height = shape.kernel[1], width = shape.kernel[2], lanes = product.lanes;
  float* const first = product.out;
  for (std::int64_t b = 0; b < height; ++b) {
    for (std::int64_t c = 0; c < width; ++c) {
      product.weights = weights.at(pair, (a * height + b) * width + c);
      product.out = first + ((a * shape.out()[1] + b) * shape.out()[2] + c) * lanes;
      tap_kernels().multiply(product);
    }
  }
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
  const std::int64_t count = share.end - share.first, in_step = voxels_of(shape_.in) * block_;
  // Side by side, since blocks at distances of powers of 2 compete for the same lines of the cache.
  float* copied = thread_scratch(ScratchSlot::kInputs, count * in_blocks_ * block_);
  std::vector<Tap> blocks;
  for (std::int64_t block = 0; block < in_blocks_; ++block) {
    blocks.push_back({block * count * block_, block});
    std::copy_n(job.in + block * in_step + share.first * block_, count * block_, copied + blocks.back().in);
  }
  const std::vector<std::int64_t> offsets = out_offsets(share, job.planes.begin);
  TapProduct product{};
  product.lanes = block_;
  product.in_blocks = 1;
  product.taps = blocks.data();
  product.tap_count = in_blocks_;
  product.out_block_step = (job.planes.end - job.planes.begin) * shape_.out()[1] * shape_.out()[2] * block_;
  for (std::int64_t pair = share.first_pair; pair < share.end_pair; ++pair) {
    product.out_blocks = weights_.blocks_of(pair);
    product.bias = weights_.bias(pair);
    for (std::int64_t a = 0; a < shape_.kernel[0]; ++a) {
      const Share wanted = within(share, job.planes, a);
      if (wanted.first >= wanted.end) continue;
      product.in = copied + (wanted.first - share.first) * block_;
      product.out_offsets = offsets.data() + (wanted.first - share.first);
      product.voxels = wanted.end - wanted.first;
      product.out = job.out + pair * 2 * product.out_block_step;
      multiply_plane(shape_, weights_, product, pair, a);
    }
  }
}

// Where the boxes of the voxels begin in an output whose first plane is `first_plane`.
std::vector<std::int64_t> Upsampling::out_offsets(const Share& share, std::int64_t first_plane) const {
  const Size3 &in = shape_.in, &kernel = shape_.kernel, out = shape_.out();
  std::vector<std::int64_t> offsets;
  std::int64_t w = share.first % in[2], h = share.first / in[2] % in[1], d = share.first / in[2] / in[1];
  for (std::int64_t v = share.first; v < share.end; ++v) {
    offsets.push_back((((d * kernel[0] - first_plane) * out[1] + h * kernel[1]) * out[2] + w * kernel[2]) *
                      block_);
    if (++w < in[2]) continue;
    w = 0;
    if (++h < in[1]) continue;
    h = 0;
    ++d;
  }
  return offsets;
}

// The voxels whose output plane d * kernel + a is wanted.
Upsampling::Share Upsampling::within(Share share, const PlaneRange& planes, std::int64_t a) const {
  const std::int64_t per_plane = shape_.in[1] * shape_.in[2], step = shape_.kernel[0];
  share.first =
      std::max(share.first, ceil_div(std::max<std::int64_t>(planes.begin - a, 0), step) * per_plane);
  share.end = std::min(share.end, ceil_div(std::max<std::int64_t>(planes.end - a, 0), step) * per_plane);
  return share;
}

}  // namespace hepar::cpu
