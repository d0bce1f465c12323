// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/adam.h"

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"

namespace hepar {
namespace {

NamedTensor named(const at::Tensor& tensor) {
  const float* values = tensor.data_ptr<float>();
  return {tensor.sizes().vec(), std::vector<float>(values, values + tensor.numel())};
}

void restore_moment(at::Tensor& moment, const Weights& checkpoint, const std::string& name) {
  const auto found = checkpoint.find(name);
  if (found == checkpoint.end() || at::IntArrayRef(found->second.shape) != moment.sizes()) {
    throw Error(ErrorCode::kCorrupt, "The checkpoint can't be resumed: " + name +
                                         " is missing or has another shape; start the training anew.");
  }
  std::copy(found->second.values.begin(), found->second.values.end(), moment.data_ptr<float>());
}

}  // namespace

Adam::Adam(const std::map<std::string, at::Tensor>& parameters) {
  for (const auto& [name, parameter] : parameters) {
    slots_[name] = {parameter, at::zeros_like(parameter), at::zeros_like(parameter)};
  }
}

void Adam::step(double learning_rate) {
  constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
  const at::NoGradGuard no_gradients;
  const auto t = static_cast<double>(++steps_);
  const double step_size = learning_rate / (1 - std::pow(kBeta1, t));
  const double root_correction = std::sqrt(1 - std::pow(kBeta2, t));
  for (auto& [name, slot] : slots_) {
    at::Tensor& gradient = slot.parameter.mutable_grad();
    if (!gradient.defined()) continue;
    slot.first_moment.mul_(kBeta1).add_(gradient, 1 - kBeta1);
    slot.second_moment.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
    const at::Tensor denominator = slot.second_moment.sqrt().div_(root_correction).add_(kEpsilon);
    slot.parameter.addcdiv_(slot.first_moment, denominator, -step_size);
    gradient.zero_();
  }
}

void Adam::append_state(Weights& checkpoint) const {
  for (const auto& [name, slot] : slots_) {
    checkpoint["adam.m." + name] = named(slot.first_moment);
    checkpoint["adam.v." + name] = named(slot.second_moment);
  }
}

void Adam::restore(const Weights& checkpoint, std::int64_t steps) {
  for (auto& [name, slot] : slots_) {
    restore_moment(slot.first_moment, checkpoint, "adam.m." + name);
    restore_moment(slot.second_moment, checkpoint, "adam.v." + name);
  }
  steps_ = steps;
}

}  // namespace hepar
