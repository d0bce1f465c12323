// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/upsampling_gradient.h"

#include <algorithm>
#include <vector>

#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/blocked_kernels.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/training_kernels.h"

namespace hepar::cpu {
namespace {

// The first voxel of the outputs of input row (d, h) at a tap.
std::int64_t output_of(const UpsamplingShape& shape, std::int64_t d, std::int64_t h, std::int64_t tap) {
  const Size3& k = shape.kernel;
  const Size3 out = shape.out();
  return ((d * k[0] + tap / (k[1] * k[2])) * out[1] + h * k[1] + tap / k[2] % k[1]) * out[2] + tap % k[2];
}

}  // namespace

UpsamplingDataGradient::UpsamplingDataGradient(const UpsamplingShape& shape, std::span<const float> weight)
    : shape_(shape) {
  const std::int64_t taps = voxels_of(shape.kernel), lanes = channel_block();
  const std::int64_t ins = shape.in_channels, outs = shape.out_channels;
  weights_ = make_aligned(static_cast<std::int64_t>(weight.size()));
  parallel_for(ins, [&](std::int64_t i) {
    for (std::int64_t o = 0; o < outs; ++o)
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        const std::int64_t row = (tap * (ins / lanes) + i / lanes) * outs + o;
        weights_[static_cast<std::size_t>(row * lanes + i % lanes)] =
            weight[static_cast<std::size_t>((i * outs + o) * taps + tap)];
      }
  });
}

void UpsamplingDataGradient::run(const float* out_gradient, float* in_gradient) const {
  const std::int64_t lanes = channel_block(), taps = voxels_of(shape_.kernel), row = shape_.in[2] * lanes;
  const std::int64_t blocks = shape_.in_channels / lanes;
  parallel_for(blocks * shape_.in[0], [&](std::int64_t task) {
    const std::int64_t block = task / shape_.in[0], d = task % shape_.in[0];
    float* plane = in_gradient + task * shape_.in[1] * row;
    std::fill_n(plane, shape_.in[1] * row, 0.0f);
    for (std::int64_t h = 0; h < shape_.in[1]; ++h)
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        blocked_kernels().add_row_product(
            {out_gradient + output_of(shape_, d, h, tap) * lanes, shape_.kernel[2] * lanes,
             voxels_of(shape_.out()) * lanes, shape_.out_channels / lanes,
             weights_.get() + (tap * blocks + block) * shape_.out_channels * lanes, plane + h * row, lanes,
             shape_.in[2]});
      }
  });
}

void upsampling_weight_gradient(const UpsamplingShape& shape, std::span<const UpsamplingSample> samples,
                                std::span<float> gradient) {
  const std::int64_t lanes = channel_block(), taps = voxels_of(shape.kernel), row = shape.in[2] * lanes;
  const std::int64_t blocks = shape.in_channels / lanes, width = shape.out_channels;
  parallel_for(taps * blocks, [&](std::int64_t task) {
    const std::int64_t tap = task / blocks, block = task % blocks;
    std::vector<float> sums(static_cast<std::size_t>(lanes * width), 0.0f);
    for (const UpsamplingSample& sample : samples)
      for (std::int64_t d = 0; d < shape.in[0]; ++d)
        for (std::int64_t h = 0; h < shape.in[1]; ++h) {
          training_kernels().add_outer(
              {sample.in + block * voxels_of(shape.in) * lanes + (d * shape.in[1] + h) * row, lanes,
               sample.out_gradient + output_of(shape, d, h, tap) * lanes, shape.kernel[2] * lanes,
               voxels_of(shape.out()) * lanes, width / lanes, shape.in[2], sums.data(), width});
        }
    for (std::int64_t i = 0; i < lanes; ++i)
      for (std::int64_t o = 0; o < width; ++o)
        gradient[static_cast<std::size_t>(((block * lanes + i) * width + o) * taps + tap)] =
            sums[static_cast<std::size_t>(i * width + o)];
  });
}

}  // namespace hepar::cpu
