// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/direct_convolution.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/box_inputs.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/packed_weights.h"
#include "hepar/cpu_kernels/scratch.h"
#include "hepar/cpu_kernels/tap_kernels.h"

namespace hepar::cpu {
namespace {

PackedWeights pack(const ConvolutionShape& shape, const ConvolutionWeights& weights, std::int64_t lanes) {
  const std::int64_t taps = voxels_of(shape.kernel);
  HEPAR_EXPECT(
      static_cast<std::int64_t>(weights.weight.size()) == shape.out_channels * shape.in_channels * taps,
      "weights of another convolution");
  return {{shape.out_channels, shape.in_channels / lanes, taps, lanes},
          weights.bias,
          [&](const PackedWeights::Place& at) {
            const std::int64_t in = at.outer * lanes + at.lane;
            return weights
                .weight[static_cast<std::size_t>((at.output * shape.in_channels + in) * taps + at.inner)];
          }};
}

class DirectConvolution : public Convolution {
 public:
  // `lanes`: channels side by side in the input, 1 for plain storage.
  DirectConvolution(const ConvolutionShape& shape, const ConvolutionWeights& weights, std::int64_t lanes)
      : geometry_{shape.in, shape.kernel, shape.stride, shape.out(), lanes, 1},
        by_rows_(geometry_.out[2] >= tap_kernels().full_tile),
        in_blocks_(shape.in_channels / lanes),
        block_(channel_block()),
        weights_(pack(shape, weights, lanes)) {
    if (lanes == 1 && by_rows_ && shape.kernel[2] == kJoined && shape.stride[2] == 1)
      geometry_.joined = kJoined;
    choose_box();
    const std::int64_t most = by_rows_ ? geometry_.out[2] : box_[0] * box_[1] * geometry_.out[2];
    for (std::int64_t v = 0; v < most; ++v) offsets_.push_back(v * block_);
  }

  void run(std::span<const MapsPart> in, float* out, const PlaneRange& planes, double*) const override {
    if (planes.begin == planes.end) return;
    const auto sources = sources_of(in, planes);
    const std::int64_t per_plane = ceil_div(geometry_.out[1], box_[1]);
    const std::int64_t boxes = ceil_div(planes.end - planes.begin, box_[0]) * per_plane;
    // Where boxes are few, output channels are shared out too; the threads then read different weights.
    const std::int64_t wanted = thread_count() == 1 ? 1 : ceil_div(4 * thread_count(), boxes);
    const std::int64_t shares = std::min(wanted, weights_.pairs());
    parallel_for(boxes * shares, [&](std::int64_t task) {
      const std::int64_t box = task / shares, share = task % shares;
      const std::int64_t d = planes.begin + box / per_plane * box_[0], h = box % per_plane * box_[1];
      const OutputBox voxels{{d, std::min(d + box_[0], planes.end)},
                             {h, std::min(h + box_[1], geometry_.out[1])}};
      const Span pairs{share * weights_.pairs() / shares, (share + 1) * weights_.pairs() / shares};
      if (by_rows_)
        run_box(RowInputs(geometry_, voxels), sources, pairs, out);
      else
        run_box(VoxelInputs(geometry_, voxels), sources, pairs, out);
    });
  }

 private:
  // Taps along w that a step of the sums takes together in plain storage; what the kernels have.
  static constexpr std::int64_t kJoined = 3;
  // Enough voxels for the weights, read for every box, to cost little beside their use.
  static constexpr std::int64_t kBoxVoxels = 512;
  static constexpr std::int64_t kInputFloats = 64 * 1024;   // half of a usual second level of the cache
  static constexpr std::int64_t kWeightFloats = 16 * 1024;  // an eighth

  // Planes and rows of a box: as many of both, since the inputs of neighbouring boxes overlap; voxels that
  // are to be one run take whole planes or rows of one plane.
  void choose_box() {
    const Size3& out = geometry_.out;
    const std::int64_t rows = ceil_div(kBoxVoxels, out[2]);
    const auto planes =
        by_rows_ && geometry_.lanes > 1 ? static_cast<std::int64_t>(std::sqrt(static_cast<double>(rows))) : 1;
    box_[1] = std::min(ceil_div(rows, planes), out[1]);
    box_[0] = by_rows_ || box_[1] == out[1] ? std::min(ceil_div(rows, box_[1]), out[0]) : 1;
  }

  std::vector<BlockSource> sources_of(std::span<const MapsPart> in, const PlaneRange& planes) const {
    HEPAR_EXPECT(0 <= planes.begin && planes.begin <= planes.end && planes.end <= geometry_.out[0],
                 "planes that the output lacks");
    const Span needed = geometry_.inputs(0, {planes.begin, planes.end});
    std::vector<BlockSource> sources;
    for (const MapsPart& part : in) {
      HEPAR_EXPECT(part.channels % geometry_.lanes == 0, "a part with a broken block");
      HEPAR_EXPECT(part.first_plane <= needed.begin && needed.end <= part.first_plane + part.planes,
                   "a part lacks planes that its outputs need");
      const std::int64_t floats = part.planes * geometry_.in[1] * geometry_.in[2] * geometry_.lanes;
      for (std::int64_t block = 0; block < part.channels / geometry_.lanes; ++block)
        sources.push_back({part.maps + block * floats, part.first_plane});
    }
    HEPAR_EXPECT(static_cast<std::int64_t>(sources.size()) == in_blocks_, "parts of other channels");
    return sources;
  }

  // As many input blocks at a time as the caches take; the sums wait in `out`.
  template <class Inputs>
  void run_box(const Inputs& inputs, const std::vector<BlockSource>& sources, const Span& pairs,
               float* out) const {
    const std::int64_t floats = inputs.block_floats();
    const std::int64_t chunk = std::clamp<std::int64_t>(kInputFloats / floats, 1, in_blocks_);
    const std::int64_t step = std::clamp<std::int64_t>(kWeightFloats / weights_.step(pairs.begin), 1, chunk);
    float* copied = thread_scratch(ScratchSlot::kInputs, chunk * floats);
    for (std::int64_t first = 0; first < in_blocks_; first += chunk) {
      const std::int64_t end = std::min(first + chunk, in_blocks_);
      for (std::int64_t block = first; block < end; ++block)
        inputs.copy_block(sources[static_cast<std::size_t>(block)], copied + (block - first) * floats);
      for (std::int64_t pair = pairs.begin; pair < pairs.end; ++pair) {
        for (std::int64_t block = first; block < end; block += step)
          multiply(inputs, copied + (block - first) * floats, {block, std::min(block + step, end)}, pair,
                   out);
      }
    }
  }

  template <class Inputs>
  void multiply(const Inputs& inputs, const float* copied, const Span& blocks, std::int64_t pair,
                float* out) const {
    const std::int64_t out_step = voxels_of(geometry_.out) * block_;
    TapProduct product{};
    product.lanes = geometry_.lanes * geometry_.joined;
    product.in_block_step = inputs.block_floats();
    product.in_blocks = blocks.size();
    product.weights = weights_.at(pair, blocks.begin);
    product.weights_block_step = weights_.step(pair);
    product.out_blocks = weights_.blocks_of(pair);
    product.bias = blocks.begin == 0 ? weights_.bias(pair) : nullptr;
    product.out_offsets = offsets_.data();
    product.out_block_step = out_step;
    for (const OutputRun& run : inputs.runs()) {
      const std::vector<Tap>& taps = inputs.taps(run);
      product.in = copied + run.in;
      product.taps = taps.data();
      product.tap_count = static_cast<std::int64_t>(taps.size());
      product.out = out + pair * 2 * out_step + run.first * block_;
      product.voxels = run.count;
      tap_kernels().multiply(product);
    }
  }

  TapGeometry geometry_;
  bool by_rows_;  // or by voxels
  std::int64_t in_blocks_, block_;
  PackedWeights weights_;
  std::array<std::int64_t, 2> box_;    // planes and rows
  std::vector<std::int64_t> offsets_;  // of voxels side by side
};

}  // namespace

std::unique_ptr<Convolution> make_direct(const ConvolutionShape& shape, const ConvolutionWeights& weights) {
  return std::make_unique<DirectConvolution>(shape, weights, channel_block());
}

std::unique_ptr<Convolution> make_first(const ConvolutionShape& shape, const ConvolutionWeights& weights) {
  return std::make_unique<DirectConvolution>(shape, weights, 1);
}

}  // namespace hepar::cpu
