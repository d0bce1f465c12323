// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/layers.h"

#include <algorithm>

#include "hepar/cpu_kernels/average_pooling.h"
#include "hepar/cpu_kernels/direct_convolution.h"
#include "hepar/cpu_kernels/head.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/upsampling.h"

namespace hepar::cpu {
namespace {

std::size_t index(std::int64_t n) { return static_cast<std::size_t>(n); }

std::vector<float> padded_copy(const std::vector<float>& values, std::int64_t block) {
  std::vector<float> copy = values;
  copy.resize(index(padded(static_cast<std::int64_t>(values.size()), block)), 0.0f);
  return copy;
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

Layer make_direct_convolution(const LayerShape& shape, const SpreadLayer& layer) {
  const bool plain = shape.in_block == 1;
  const std::shared_ptr<const Convolution> convolution =
      (plain ? make_first : make_direct)(shape.convolution(), {layer.weight, layer.bias});
  return [convolution, shape](const float* in, float* out) {
    const MapsPart part{in, shape.in_channels, 0, shape.in[0]};
    convolution->run({&part, 1}, out, {0, shape.out()[0]});
  };
}

Layer make_upsampling(const Size3& in, const NamedTensor& weight, const NamedTensor& bias) {
  const UpsamplingShape shape{
      weight.shape[0], weight.shape[1], in, {weight.shape[2], weight.shape[3], weight.shape[4]}};
  // std::function copies its target; the packed weights are shared instead.
  const auto upsampling =
      std::make_shared<const Upsampling>(shape, ConvolutionWeights{weight.values, bias.values});
  return [upsampling](const float* maps, float* out) {
    upsampling->run(maps, out, {0, upsampling->shape().out()[0]});
  };
}

Layer make_average_pooling(const Size3& in, std::int64_t channels, const Kernel3& kernel) {
  return [in, channels = padded(channels, channel_block()), kernel](const float* maps, float* out) {
    average_pool(maps, in, channels, kernel, out);
  };
}

Layer make_head(const Size3& size, const NamedTensor& weight, const NamedTensor& bias) {
  const auto head = std::make_shared<const Head>(weight.shape[1], weight.shape[0],
                                                 ConvolutionWeights{weight.values, bias.values});
  return
      [head, voxels = voxels_of(size)](const float* maps, float* logits) { head->run(maps, voxels, logits); };
}

}  // namespace hepar::cpu
