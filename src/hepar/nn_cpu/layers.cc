// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/layers.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/blocked_kernels.h"

namespace hepar::cpu {
namespace {

std::size_t index(std::int64_t n) { return static_cast<std::size_t>(n); }

// Per block of outputs, tap and input channel the weights of the block's lanes: [block][tap][input][lane].
struct PackedWeights {
  AlignedFloats values;
  std::vector<float> bias;  // padded
  std::int64_t taps, inputs, lanes;
  const float* at(std::int64_t block, std::int64_t tap) const {
    return values.get() + (block * taps + tap) * inputs * lanes;
  }
};

PackedWeights pack(std::int64_t outputs, std::int64_t inputs, std::int64_t taps,
                   const std::function<float(std::int64_t out, std::int64_t in, std::int64_t tap)>& weight) {
  const std::int64_t lanes = blocked_kernels().block;
  PackedWeights packed{make_aligned(outputs * taps * inputs), {}, taps, inputs, lanes};
  std::int64_t n = 0;
  for (std::int64_t block = 0; block < outputs / lanes; ++block) {
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      for (std::int64_t in = 0; in < inputs; ++in) {
        for (std::int64_t lane = 0; lane < lanes; ++lane)
          packed.values[index(n++)] = weight(block * lanes + lane, in, tap);
      }
    }
  }
  return packed;
}

std::vector<float> padded_copy(const std::vector<float>& values, std::int64_t block) {
  std::vector<float> copy = values;
  copy.resize(index(padded(static_cast<std::int64_t>(values.size()), block)), 0.0f);
  return copy;
}

void fill_row(float* out, std::int64_t step, std::int64_t count, const float* bias, std::int64_t lanes) {
  for (std::int64_t v = 0; v < count; ++v) std::copy_n(bias, lanes, out + v * step);
}

}  // namespace

std::int64_t InputParts::padded_count() const {
  std::int64_t count = 0;
  for (const auto part : channels) count += padded(part, block);
  return count;
}

SpreadLayer spread_convolution(const NamedTensor& weight, const NamedTensor& bias, const InputParts& inputs,
                               std::int64_t out_block) {
  const std::int64_t outputs = weight.shape[0], in_count = weight.shape[1];
  const std::int64_t taps = weight.shape[2] * weight.shape[3] * weight.shape[4];
  const std::int64_t wide = inputs.padded_count();
  SpreadLayer layer{std::vector<float>(index(padded(outputs, out_block) * wide * taps), 0.0f),
                    padded_copy(bias.values, out_block)};
  for (std::int64_t out = 0; out < outputs; ++out) {
    const float* source = weight.values.data() + out * in_count * taps;
    float* target = layer.weight.data() + out * wide * taps;
    for (const auto part : inputs.channels) {
      std::copy_n(source, part * taps, target);
      source += part * taps;
      target += padded(part, inputs.block) * taps;
    }
  }
  return layer;
}

Size3 ConvolutionShape::out() const {
  Size3 size;
  for (std::size_t axis = 0; axis < 3; ++axis) size[axis] = (in[axis] + stride[axis] - 1) / stride[axis];
  return size;
}

namespace {

class DirectConvolution {
 public:
  DirectConvolution(const ConvolutionShape& shape, const SpreadLayer& layer)
      : shape_(shape), out_(shape.out()) {
    const std::int64_t taps = voxels_of(shape.kernel);
    weights_ = pack(shape.out_channels, shape.in_channels, taps,
                    [&](std::int64_t o, std::int64_t i, std::int64_t tap) {
                      return layer.weight[index((o * shape.in_channels + i) * taps + tap)];
                    });
    weights_.bias = layer.bias;
  }

  void operator()(const float* in, float* out) const {
    const std::int64_t blocks = shape_.out_channels / shape_.out_block;
    parallel_for(blocks * out_[0] * out_[1], [&](std::int64_t task) {
      const std::int64_t h = task % out_[1], d = task / out_[1] % out_[0], block = task / out_[1] / out_[0];
      float* row = out + task * out_[2] * shape_.out_block;
      fill_row(row, shape_.out_block, out_[2], weights_.bias.data() + block * shape_.out_block,
               shape_.out_block);
      for (std::int64_t a = 0; a < shape_.kernel[0]; ++a) {
        for (std::int64_t b = 0; b < shape_.kernel[1]; ++b) add_taps(in, {block, d, h}, {a, b}, row);
      }
    });
  }

 private:
  // Adds the taps along w of one row of the kernel.
  void add_taps(const float* in, const std::array<std::int64_t, 3>& block_d_h,
                const std::array<std::int64_t, 2>& ab, float* row) const {
    const auto& k = shape_.kernel;
    const std::int64_t d = block_d_h[1] * shape_.stride[0] + ab[0] - k[0] / 2;
    const std::int64_t h = block_d_h[2] * shape_.stride[1] + ab[1] - k[1] / 2;
    if (d < 0 || h < 0 || d >= shape_.in[0] || h >= shape_.in[1]) return;
    const std::int64_t step = shape_.stride[2], width = shape_.in[2];
    for (std::int64_t c = 0; c < k[2]; ++c) {
      const std::int64_t shift = c - k[2] / 2;  // input w = output w * step + shift, in [0, width)
      const std::int64_t first = shift < 0 ? (-shift + step - 1) / step : 0;
      const std::int64_t end = std::min(out_[2], (width - shift + step - 1) / step);
      if (first >= end) continue;
      const std::int64_t voxel = (d * shape_.in[1] + h) * width + first * step + shift;
      blocked_kernels().add_row_product({in + voxel * shape_.in_block, step * shape_.in_block,
                                         voxels_of(shape_.in) * shape_.in_block,
                                         shape_.in_channels / shape_.in_block, shape_.in_block,
                                         weights_.at(block_d_h[0], (ab[0] * k[1] + ab[1]) * k[2] + c),
                                         row + first * shape_.out_block, shape_.out_block, end - first});
    }
  }

  ConvolutionShape shape_;
  Size3 out_;
  PackedWeights weights_;
};

class Upsampling {
 public:
  Upsampling(const Size3& in, const NamedTensor& weight, const NamedTensor& bias)
      : in_(in), kernel_{weight.shape[2], weight.shape[3], weight.shape[4]}, lanes_(blocked_kernels().block) {
    const std::int64_t inputs = weight.shape[0], outputs = weight.shape[1], taps = voxels_of(kernel_);
    in_channels_ = padded(inputs, lanes_);
    out_channels_ = padded(outputs, lanes_);
    weights_ = pack(out_channels_, in_channels_, taps, [&](std::int64_t o, std::int64_t i, std::int64_t tap) {
      return o < outputs && i < inputs ? weight.values[index((i * outputs + o) * taps + tap)] : 0.0f;
    });
    weights_.bias = padded_copy(bias.values, lanes_);
  }

  void operator()(const float* in, float* out) const {
    const std::int64_t depth = in_[0] * kernel_[0], height = in_[1] * kernel_[1];
    parallel_for(out_channels_ / lanes_ * depth * height, [&](std::int64_t row) {
      const std::int64_t h = row % height, d = row / height % depth, block = row / height / depth;
      add_row(in, {block, d, h}, out + row * in_[2] * kernel_[2] * lanes_);
    });
  }

 private:
  void add_row(const float* in, const std::array<std::int64_t, 3>& block_d_h, float* row) const {
    const auto [block, d, h] = block_d_h;
    fill_row(row, lanes_, in_[2] * kernel_[2], weights_.bias.data() + block * lanes_, lanes_);
    const float* source = in + (d / kernel_[0] * in_[1] + h / kernel_[1]) * in_[2] * lanes_;
    const std::int64_t first_tap = (d % kernel_[0] * kernel_[1] + h % kernel_[1]) * kernel_[2];
    for (std::int64_t c = 0; c < kernel_[2]; ++c) {
      blocked_kernels().add_row_product({source, lanes_, voxels_of(in_) * lanes_, in_channels_ / lanes_,
                                         lanes_, weights_.at(block, first_tap + c), row + c * lanes_,
                                         kernel_[2] * lanes_, in_[2]});
    }
  }

  Size3 in_;
  Kernel3 kernel_;
  std::int64_t lanes_, in_channels_ = 0, out_channels_ = 0;
  PackedWeights weights_;
};

class AveragePooling {
 public:
  AveragePooling(const Size3& in, std::int64_t channels, const Kernel3& kernel)
      : in_(in),
        kernel_(kernel),
        lanes_(blocked_kernels().block),
        blocks_(padded(channels, lanes_) / lanes_) {}

  void operator()(const float* in, float* out) const {
    const std::int64_t depth = in_[0] / kernel_[0], height = in_[1] / kernel_[1], width = in_[2] / kernel_[2];
    const std::int64_t h_step = in_[2] * lanes_, d_step = in_[1] * h_step;
    parallel_for(blocks_ * depth * height, [&](std::int64_t row) {
      // The boxes leave no rest, so that slice n of all blocks begins kernel x n slices in.
      const float* boxes = in + row / height * kernel_[0] * d_step + row % height * kernel_[1] * h_step;
      blocked_kernels().average(
          {boxes, d_step, h_step, kernel_[0], kernel_[1], kernel_[2], out + row * width * lanes_, width});
    });
  }

 private:
  Size3 in_;
  Kernel3 kernel_;
  std::int64_t lanes_, blocks_;
};

class Head {
 public:
  Head(const Size3& size, const NamedTensor& weight, const NamedTensor& bias)
      : size_(size), lanes_(blocked_kernels().block), heads_(weight.shape[0]) {
    const std::int64_t inputs = weight.shape[1];
    weights_ = pack(padded(heads_, lanes_), padded(inputs, lanes_), 1,
                    [&](std::int64_t o, std::int64_t i, std::int64_t) {
                      return o < heads_ && i < inputs ? weight.values[index(o * inputs + i)] : 0.0f;
                    });
    weights_.bias = padded_copy(bias.values, lanes_);
  }

  void operator()(const float* in, float* logits) const {
    const std::int64_t width = size_[2], voxels = voxels_of(size_);
    parallel_for(voxels / width, [&](std::int64_t row) {
      std::vector<float> lanes(index(width * lanes_));
      for (std::int64_t block = 0; block * lanes_ < heads_; ++block) {
        fill_row(lanes.data(), lanes_, width, weights_.bias.data() + block * lanes_, lanes_);
        blocked_kernels().add_row_product({in + row * width * lanes_, lanes_, voxels * lanes_,
                                           weights_.inputs / lanes_, lanes_, weights_.at(block, 0),
                                           lanes.data(), lanes_, width});
        for (std::int64_t head = block * lanes_; head < std::min(heads_, (block + 1) * lanes_); ++head) {
          float* out = logits + head * voxels + row * width;
          for (std::int64_t w = 0; w < width; ++w) out[w] = lanes[index(w * lanes_ + head % lanes_)];
        }
      }
    });
  }

 private:
  Size3 size_;
  std::int64_t lanes_, heads_;
  PackedWeights weights_;
};

// std::function copies its target; the packed weights are shared instead.
template <class Target, class... Arguments>
std::shared_ptr<const Target> shared(const Arguments&... arguments) {
  return std::make_shared<const Target>(arguments...);
}

}  // namespace

Layer make_direct_convolution(const ConvolutionShape& shape, const SpreadLayer& layer) {
  return
      [target = shared<DirectConvolution>(shape, layer)](const float* in, float* out) { (*target)(in, out); };
}

Layer make_convolution(const ConvolutionShape& shape, const SpreadLayer& layer) {
  if (Layer generated = make_onednn_convolution(shape, layer)) return generated;
  return make_direct_convolution(shape, layer);
}

Layer make_upsampling(const Size3& in, const NamedTensor& weight, const NamedTensor& bias) {
  return [target = shared<Upsampling>(in, weight, bias)](const float* maps, float* out) {
    (*target)(maps, out);
  };
}

Layer make_average_pooling(const Size3& in, std::int64_t channels, const Kernel3& kernel) {
  return AveragePooling(in, channels, kernel);
}

Layer make_head(const Size3& size, const NamedTensor& weight, const NamedTensor& bias) {
  return [target = shared<Head>(size, weight, bias)](const float* maps, float* logits) {
    (*target)(maps, logits);
  };
}

}  // namespace hepar::cpu
