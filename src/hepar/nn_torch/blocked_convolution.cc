// SPDX-License-Identifier: Apache-2.0
#include <torch/csrc/autograd/custom_function.h>

#include "hepar/cpu_kernels/backward_data.h"
#include "hepar/cpu_kernels/backward_weights.h"
#include "hepar/cpu_kernels/training_rules.h"
#include "hepar/nn_torch/blocked_ops.h"
#include "hepar/nn_torch/blocked_tensors.h"

namespace hepar::blocked {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// One or two maps as a convolution takes them, and its weight.
class Operands {
 public:
  Operands(const at::Tensor& first, const at::Tensor& second, const at::Tensor& weight,
           std::int64_t second_channels, const Kernel3& stride)
      : weight_(weight),
        places_{{weight.size(0), 0}, {weight.size(1) - second_channels, second_channels}},
        shape_{places_.b.count(),
               places_.a.count(),
               size_of(first),
               {weight.size(2), weight.size(3), weight.size(4)},
               stride},
        padded_(places_.pad(weight)) {
    parts_.push_back(with_whole_samples(first));
    if (is_there(second)) parts_.push_back(with_whole_samples(second));
  }

  const cpu::ConvolutionShape& shape() const { return shape_; }
  std::int64_t samples() const { return parts_[0].size(0); }
  std::vector<cpu::MapsPart> sample(std::int64_t n) const {
    std::vector<cpu::MapsPart> parts;
    for (const at::Tensor& part : parts_)
      parts.push_back({sample_of(part, n), padded_channels(part), 0, part.size(2)});
    return parts;
  }

  at::Tensor run(const at::Tensor& bias) const {
    const std::vector<float> biases = pad_vector(bias, shape_.out_channels);
    const auto convolution = cpu::make_training_convolution(shape_, {padded_, biases});
    at::Tensor out = make_maps(samples(), shape_.out_channels, shape_.out());
    for (std::int64_t n = 0; n < samples(); ++n)
      convolution->run(sample(n), sample_of(out, n), {0, shape_.out()[0]});
    return out;
  }

  // Of all input channels, those of the second maps after those of the first.
  at::Tensor data_gradient(const at::Tensor& out_gradient) const {
    const cpu::DataGradient kernel(shape_, padded_);
    at::Tensor gradient = make_maps(samples(), shape_.in_channels, shape_.in);
    for (std::int64_t n = 0; n < samples(); ++n)
      kernel.run(sample_of(out_gradient, n), sample_of(gradient, n));
    return gradient;
  }

  at::Tensor weight_gradient(const at::Tensor& out_gradient) const {
    std::vector<std::vector<cpu::MapsPart>> inputs;
    for (std::int64_t n = 0; n < samples(); ++n) inputs.push_back(sample(n));
    std::vector<cpu::GradientSample> both;
    for (std::int64_t n = 0; n < samples(); ++n)
      both.push_back({inputs[static_cast<std::size_t>(n)], sample_of(out_gradient, n)});
    std::vector<float> gradient(padded_.size());
    cpu::weight_gradient(shape_, both, gradient);
    return places_.unpad(gradient, weight_.sizes());
  }

 private:
  at::Tensor weight_;
  WeightPlaces places_;
  cpu::ConvolutionShape shape_;
  std::vector<float> padded_;
  std::vector<at::Tensor> parts_;
};

// Arguments: both maps, weight, bias, and what has no gradient.
class Convolve : public Function<Convolve> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& first, const at::Tensor& second,
                            const at::Tensor& weight, const at::Tensor& bias, std::int64_t second_channels,
                            const ConvolutionSettings& settings) {
    context->save_for_backward({first, second, weight});
    context->saved_data["second_channels"] = second_channels;
    for (std::size_t axis = 0; axis < 3; ++axis) context->saved_data[kStrides[axis]] = settings.stride[axis];
    context->saved_data["norm_follows"] = settings.norm_follows;
    context->saved_data["maps"] = first.requires_grad() || second.requires_grad();
    context->saved_data["bias"] = bias.requires_grad();
    return Operands(first, second, weight, second_channels, settings.stride).run(bias);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto& data = context->saved_data;
    const variable_list saved = context->get_saved_variables();
    Kernel3 stride;
    for (std::size_t axis = 0; axis < 3; ++axis) stride[axis] = data[kStrides[axis]].toInt();
    const at::Tensor gradient = with_whole_samples(gradients[0]);
    const Operands operands(saved[0], saved[1], saved[2], data["second_channels"].toInt(), stride);
    variable_list results(6);
    if (data["maps"].toBool()) {
      const at::Tensor maps = operands.data_gradient(gradient);
      results[0] = maps.narrow(1, 0, saved[0].size(1));
      if (is_there(saved[1])) results[1] = maps.narrow(1, saved[0].size(1), saved[1].size(1));
    }
    results[2] = operands.weight_gradient(gradient);
    if (data["bias"].toBool()) {
      const std::int64_t channels = saved[2].size(0);
      results[3] = data["norm_follows"].toBool() ? at::zeros({channels}) : channel_sums(gradient, channels);
    }
    return results;
  }

 private:
  static constexpr const char* kStrides[] = {"stride_d", "stride_h", "stride_w"};
};

at::Tensor convolve_plainly(const ConvolutionInput& input, const at::Tensor& weight, const at::Tensor& bias,
                            const Kernel3& stride) {
  at::Tensor plain = unblock(input.first, weight.size(1) - input.second_channels);
  if (input.second.defined())
    plain = at::cat(std::vector<at::Tensor>{plain, unblock(input.second, input.second_channels)}, 1);
  const Kernel3 padding{(weight.size(2) - 1) / 2, (weight.size(3) - 1) / 2, (weight.size(4) - 1) / 2};
  return block(at::conv3d(plain, weight, bias, stride, padding));
}

}  // namespace

at::Tensor convolve(const ConvolutionInput& input, const at::Tensor& weight, const at::Tensor& bias,
                    const ConvolutionSettings& settings) {
  if (!cpu::has_training_rules({weight.size(2), weight.size(3), weight.size(4)}, settings.stride))
    return convolve_plainly(input, weight, bias, settings.stride);
  return Convolve::apply(input.first, or_nothing(input.second), weight, or_nothing(bias),
                         input.second_channels, settings);
}

}  // namespace hepar::blocked
