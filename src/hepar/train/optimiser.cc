// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/optimiser.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "hepar/core/error.h"

namespace hepar {
namespace {

NamedTensor on_host(const at::Tensor& tensor) {
  const at::Tensor host = tensor.detach().cpu().contiguous();
  const float* values = host.data_ptr<float>();
  return {host.sizes().vec(), std::vector<float>(values, values + host.numel())};
}

[[noreturn]] void refuse(const std::string& name) {
  throw Error(ErrorCode::kCorrupt,
              fmt::format("The checkpoint can't be resumed: {} is missing or has another "
                          "shape; start the training anew.",
                          name));
}

at::Tensor from_host(const Weights& checkpoint, const std::string& name, const at::Tensor& like) {
  const auto found = checkpoint.find(name);
  if (found == checkpoint.end() || at::IntArrayRef(found->second.shape) != like.sizes()) refuse(name);
  at::Tensor tensor = at::empty_like(like.detach());
  tensor.copy_(at::tensor(found->second.values).view(found->second.shape));
  return tensor;
}

// Some parameters have no state, but never all of them.
void expect_state(const Weights& checkpoint, const std::string& prefix, std::int64_t steps) {
  const auto found = checkpoint.lower_bound(prefix);
  if (steps > 0 && (found == checkpoint.end() || !found->first.starts_with(prefix))) refuse(prefix + "*");
}

at::Tensor decayed_gradient(const at::Tensor& parameter, double weight_decay) {
  const at::Tensor& gradient = parameter.grad();
  return weight_decay == 0 ? gradient : gradient.add(parameter, weight_decay);
}

class Sgd final : public Optimiser {
 public:
  Sgd(const TrainingRecipe& recipe, const std::map<std::string, at::Tensor>& parameters)
      : momentum_(recipe.momentum), weight_decay_(recipe.weight_decay) {
    for (const auto& [name, parameter] : parameters) slots_[name] = {parameter, {}};
  }

  void step(double learning_rate) override {
    const at::NoGradGuard no_gradients;
    for (auto& [name, slot] : slots_) {
      if (!slot.parameter.grad().defined()) continue;
      const at::Tensor gradient = decayed_gradient(slot.parameter, weight_decay_);
      if (slot.momentum.defined()) {
        slot.momentum.mul_(momentum_).add_(gradient);
      } else {
        slot.momentum = gradient.clone();
      }
      slot.parameter.add_(gradient.add(slot.momentum, momentum_), -learning_rate);
      slot.parameter.mutable_grad().reset();
    }
  }

  void append_state(Weights& checkpoint) const override {
    for (const auto& [name, slot] : slots_) {
      if (slot.momentum.defined()) checkpoint["sgd.momentum." + name] = on_host(slot.momentum);
    }
  }

  void restore(const Weights& checkpoint, std::int64_t steps) override {
    expect_state(checkpoint, "sgd.momentum.", steps);
    for (auto& [name, slot] : slots_) {
      const std::string key = "sgd.momentum." + name;
      slot.momentum = checkpoint.contains(key) ? from_host(checkpoint, key, slot.parameter) : at::Tensor();
    }
  }

 private:
  struct Slot {
    at::Tensor parameter, momentum;
  };
  double momentum_, weight_decay_;
  std::map<std::string, Slot> slots_;
};

class Adam final : public Optimiser {
 public:
  Adam(const TrainingRecipe& recipe, const std::map<std::string, at::Tensor>& parameters)
      : weight_decay_(recipe.weight_decay) {
    for (const auto& [name, parameter] : parameters) slots_[name] = {parameter, {}, {}};
  }

  void step(double learning_rate) override {
    constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
    const at::NoGradGuard no_gradients;
    const auto t = static_cast<double>(++steps_);
    const double step_size = learning_rate / (1 - std::pow(kBeta1, t));
    const double root_correction = std::sqrt(1 - std::pow(kBeta2, t));
    for (auto& [name, slot] : slots_) {
      if (!slot.parameter.grad().defined()) continue;
      if (!slot.first_moment.defined()) {
        slot.first_moment = at::zeros_like(slot.parameter);
        slot.second_moment = at::zeros_like(slot.parameter);
      }
      const at::Tensor gradient = decayed_gradient(slot.parameter, weight_decay_);
      slot.first_moment.mul_(kBeta1).add_(gradient, 1 - kBeta1);
      slot.second_moment.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
      const at::Tensor denominator = slot.second_moment.sqrt().div_(root_correction).add_(kEpsilon);
      slot.parameter.addcdiv_(slot.first_moment, denominator, -step_size);
      slot.parameter.mutable_grad().reset();
    }
  }

  void append_state(Weights& checkpoint) const override {
    for (const auto& [name, slot] : slots_) {
      if (!slot.first_moment.defined()) continue;
      checkpoint["adam.m." + name] = on_host(slot.first_moment);
      checkpoint["adam.v." + name] = on_host(slot.second_moment);
    }
  }

  void restore(const Weights& checkpoint, std::int64_t steps) override {
    expect_state(checkpoint, "adam.m.", steps);
    for (auto& [name, slot] : slots_) {
      const bool has_state = checkpoint.contains("adam.m." + name);
      slot.first_moment = has_state ? from_host(checkpoint, "adam.m." + name, slot.parameter) : at::Tensor();
      slot.second_moment = has_state ? from_host(checkpoint, "adam.v." + name, slot.parameter) : at::Tensor();
    }
    steps_ = steps;
  }

 private:
  struct Slot {
    at::Tensor parameter, first_moment, second_moment;
  };
  double weight_decay_;
  std::map<std::string, Slot> slots_;
  std::int64_t steps_ = 0;
};

}  // namespace

std::unique_ptr<Optimiser> make_optimiser(const TrainingRecipe& recipe,
                                          const std::map<std::string, at::Tensor>& parameters) {
  if (recipe.optimiser == "sgd") return std::make_unique<Sgd>(recipe, parameters);
  HEPAR_EXPECT(recipe.optimiser == "adam", "no optimiser " + recipe.optimiser);
  return std::make_unique<Adam>(recipe, parameters);
}

double clip_gradients(const std::map<std::string, at::Tensor>& parameters, double most) {
  const at::NoGradGuard no_gradients;
  std::vector<at::Tensor> norms;
  for (const auto& [name, parameter] : parameters) {
    if (parameter.grad().defined()) norms.push_back(at::norm(parameter.grad()));
  }
  if (norms.empty()) return 0;
  const auto norm = at::norm(at::stack(norms)).item<double>();
  const double factor = most / (norm + 1e-6);
  if (most == 0 || !std::isfinite(norm) || factor >= 1) return norm;
  for (const auto& [name, parameter] : parameters) {
    if (parameter.grad().defined()) parameter.grad().mul_(factor);
  }
  return norm;
}

double learning_rate(const TrainingRecipe& recipe, std::int64_t epoch) {
  if (recipe.schedule == "constant") return recipe.learning_rate;
  HEPAR_EXPECT(recipe.schedule == "poly", "no schedule " + recipe.schedule);
  const double done = static_cast<double>(epoch) / static_cast<double>(recipe.epochs);
  return recipe.learning_rate * std::pow(1 - done, 0.9);
}

}  // namespace hepar
