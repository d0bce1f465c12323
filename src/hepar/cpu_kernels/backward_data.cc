// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/backward_data.h"

#include <algorithm>
#include <vector>

#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/blocked_kernels.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/training_rules.h"

namespace hepar::cpu {
namespace {

// (out, in, taps) -> (in, out, taps backwards).
std::vector<float> flip(const ConvolutionShape& shape, std::span<const float> weight) {
  const std::int64_t taps = voxels_of(shape.kernel);
  std::vector<float> flipped(weight.size());
  parallel_for(shape.in_channels, [&](std::int64_t i) {
    for (std::int64_t o = 0; o < shape.out_channels; ++o) {
      const float* source = weight.data() + (o * shape.in_channels + i) * taps;
      std::reverse_copy(source, source + taps, flipped.data() + (i * shape.out_channels + o) * taps);
    }
  });
  return flipped;
}

// Inputs begin, begin + stride, ..., `count` of them, of one axis to which `tap` carries outputs first, first
// + 1, ...
struct Carried {
  std::int64_t begin, first, count;
};
Carried carried_by(const ConvolutionShape& shape, std::size_t axis, std::int64_t tap) {
  const std::int64_t shift = tap - (shape.kernel[axis] - 1) / 2, stride = shape.stride[axis];
  const std::int64_t first = shift >= 0 ? 0 : (-shift + stride - 1) / stride, begin = first * stride + shift;
  const std::int64_t inside = begin >= shape.in[axis] ? 0 : (shape.in[axis] - 1 - begin) / stride + 1;
  return {begin, first, std::max<std::int64_t>(0, std::min(inside, shape.out()[axis] - first))};
}

// The output from which `tap` reaches input `at`, or -1.
std::int64_t carrier_of(const ConvolutionShape& shape, std::size_t axis, std::int64_t tap, std::int64_t at) {
  const Carried carried = carried_by(shape, axis, tap);
  const std::int64_t steps = at - carried.begin;
  if (steps < 0 || steps % shape.stride[axis] != 0 || steps / shape.stride[axis] >= carried.count) return -1;
  return carried.first + steps / shape.stride[axis];
}

}  // namespace

DataGradient::DataGradient(const ConvolutionShape& shape, std::span<const float> weight) : shape_(shape) {
  if (shape.stride != Size3{1, 1, 1}) {
    pack(weight);
    return;
  }
  const std::vector<float> flipped = flip(shape, weight);
  const std::vector<float> no_bias(static_cast<std::size_t>(shape.in_channels), 0.0f);
  const ConvolutionShape back{shape.out_channels, shape.in_channels, shape.in, shape.kernel, shape.stride};
  flipped_ = make_training_convolution(back, {flipped, no_bias});
}

void DataGradient::pack(std::span<const float> weight) {
  const std::int64_t taps = voxels_of(shape_.kernel), lanes = channel_block();
  weights_ = make_aligned(static_cast<std::int64_t>(weight.size()));
  parallel_for(shape_.out_channels, [&](std::int64_t o) {
    for (std::int64_t i = 0; i < shape_.in_channels; ++i)
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        const std::int64_t block = tap * (shape_.in_channels / lanes) + i / lanes;
        weights_[static_cast<std::size_t>((block * shape_.out_channels + o) * lanes + i % lanes)] =
            weight[static_cast<std::size_t>((o * shape_.in_channels + i) * taps + tap)];
      }
  });
}

void DataGradient::run(const float* out_gradient, float* in_gradient) const {
  if (flipped_) {
    const MapsPart part{out_gradient, shape_.out_channels, 0, shape_.in[0]};
    return flipped_->run({&part, 1}, in_gradient, {0, shape_.in[0]});
  }
  const std::int64_t row = shape_.in[2] * channel_block(), blocks = shape_.in_channels / channel_block();
  parallel_for(blocks * shape_.in[0], [&](std::int64_t task) {
    float* plane = in_gradient + task * shape_.in[1] * row;
    std::fill_n(plane, shape_.in[1] * row, 0.0f);
    for (std::int64_t h = 0; h < shape_.in[1]; ++h)
      write_row(out_gradient, task / shape_.in[0], task % shape_.in[0], h, plane + h * row);
  });
}

void DataGradient::write_row(const float* out_gradient, std::int64_t block, std::int64_t d, std::int64_t h,
                             float* row) const {
  const std::int64_t lanes = channel_block(), blocks = shape_.in_channels / lanes;
  const Size3 out = shape_.out();
  for (std::int64_t kd = 0; kd < shape_.kernel[0]; ++kd) {
    const std::int64_t from_d = carrier_of(shape_, 0, kd, d);
    if (from_d < 0) continue;
    for (std::int64_t kh = 0; kh < shape_.kernel[1]; ++kh) {
      const std::int64_t from_h = carrier_of(shape_, 1, kh, h);
      if (from_h < 0) continue;
      for (std::int64_t kw = 0; kw < shape_.kernel[2]; ++kw) {
        const Carried w = carried_by(shape_, 2, kw);
        const std::int64_t tap = (kd * shape_.kernel[1] + kh) * shape_.kernel[2] + kw;
        blocked_kernels().add_row_product(
            {out_gradient + ((from_d * out[1] + from_h) * out[2] + w.first) * lanes, lanes,
             voxels_of(out) * lanes, shape_.out_channels / lanes,
             weights_.get() + (tap * blocks + block) * shape_.out_channels * lanes, row + w.begin * lanes,
             shape_.stride[2] * lanes, w.count});
      }
    }
  }
}

}  // namespace hepar::cpu
