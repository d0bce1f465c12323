// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_torch/blocked_ops.h"

#include <torch/csrc/autograd/custom_function.h>

#include "hepar/cpu_kernels/upsampling_gradient.h"
#include "hepar/nn_torch/blocked_tensors.h"

namespace hepar::blocked {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

class Block : public Function<Block> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& plain) {
    context->saved_data["channels"] = plain.size(1);
    return to_blocks(plain);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    return {from_blocks(gradients[0], context->saved_data["channels"].toInt())};
  }
};

class Unblock : public Function<Unblock> {
 public:
  static at::Tensor forward(AutogradContext*, const at::Tensor& maps, std::int64_t channels) {
    return from_blocks(maps, channels);
  }
  static variable_list backward(AutogradContext*, variable_list gradients) {
    return {to_blocks(gradients[0]), {}};
  }
};

class Upsample : public Function<Upsample> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& weight,
                            const at::Tensor& bias) {
    context->save_for_backward({input, weight});
    context->saved_data["bias"] = bias.requires_grad();
    const at::Tensor maps = with_whole_samples(input);
    const cpu::UpsamplingShape shape = shape_of(maps, weight);
    const std::vector<float> weights = places_of(weight).pad(weight),
                             biases = pad_vector(bias, shape.out_channels);
    const cpu::Upsampling kernel(shape, {weights, biases});
    at::Tensor out = make_maps(maps.size(0), shape.out_channels, shape.out());
    for (std::int64_t n = 0; n < maps.size(0); ++n)
      kernel.run(sample_of(maps, n), sample_of(out, n), {0, shape.out()[0]});
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor maps = with_whole_samples(saved[0]), gradient = with_whole_samples(gradients[0]);
    const at::Tensor& weight = saved[1];
    const cpu::UpsamplingShape shape = shape_of(maps, weight);
    const WeightPlaces places = places_of(weight);
    const std::vector<float> padded = places.pad(weight);
    const cpu::UpsamplingDataGradient kernel(shape, padded);
    at::Tensor of_maps = make_maps(maps.size(0), shape.in_channels, shape.in);
    std::vector<cpu::UpsamplingSample> samples;
    for (std::int64_t n = 0; n < maps.size(0); ++n) {
      kernel.run(sample_of(gradient, n), sample_of(of_maps, n));
      samples.push_back({sample_of(maps, n), sample_of(gradient, n)});
    }
    std::vector<float> of_weight(padded.size());
    cpu::upsampling_weight_gradient(shape, samples, of_weight);
    at::Tensor of_bias;
    if (context->saved_data["bias"].toBool()) of_bias = channel_sums(gradient, weight.size(1));
    return {of_maps, places.unpad(of_weight, weight.sizes()), of_bias};
  }

 private:
  static WeightPlaces places_of(const at::Tensor& weight) {
    return {{weight.size(0), 0}, {weight.size(1), 0}};
  }
  static cpu::UpsamplingShape shape_of(const at::Tensor& maps, const at::Tensor& weight) {
    return {padded_channels(maps),
            in_whole_blocks(weight.size(1)),
            size_of(maps),
            {weight.size(2), weight.size(3), weight.size(4)}};
  }
};

}  // namespace

at::Tensor block(const at::Tensor& plain) { return Block::apply(plain); }

at::Tensor unblock(const at::Tensor& maps, std::int64_t channels) { return Unblock::apply(maps, channels); }

at::Tensor upsample(const at::Tensor& maps, const at::Tensor& weight, const at::Tensor& bias) {
  return Upsample::apply(maps, weight, or_nothing(bias));
}

at::Tensor average_pool(const at::Tensor& maps, const Kernel3& kernel) {
  const auto& [d, h, w] = kernel;
  return maps
      .reshape({maps.size(0), maps.size(1), maps.size(2) / d, d, maps.size(3) / h, h, maps.size(4) / w, w,
                maps.size(5)})
      .mean({3, 5, 7});
}

}  // namespace hepar::blocked
