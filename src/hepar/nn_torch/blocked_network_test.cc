// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/training_rules.h"
#include "hepar/nn/random_network.h"
#include "hepar/nn/test_networks.h"
#include "hepar/nn_torch/torch_network.h"

namespace hepar {
namespace {

enum class Way { kBlocks, kLibTorch, kDouble };

struct Results {
  std::vector<at::Tensor> logits;
  std::map<std::string, at::Tensor> gradients;
};

at::Tensor random_values(at::IntArrayRef shape, std::uint64_t seed) {
  at::Tensor values = at::empty(shape);
  Random random(seed);
  std::generate_n(values.data_ptr<float>(), values.numel(),
                  [&] { return static_cast<float>(random.normal()); });
  return values;
}

at::Tensor random_input(const TensorShape& shape) {
  return random_values({shape.n, shape.c, shape.d, shape.h, shape.w}, 5);
}

// Logits, and the gradients of all logits weighted at random: a loss that adds no rounding of its own.
Results run(const NetworkSpec& spec, const at::Tensor& input, Way way, const DropoutDraw* dropout = nullptr) {
  TorchNetwork network(spec, random_weights(spec, 3));
  network.use_own_kernels(way == Way::kBlocks);
  if (way == Way::kDouble) network.set_precision(Precision::kFloat64);
  Results results{network.forward(input, dropout), {}};
  std::vector<at::Tensor> weights;
  for (const at::Tensor& logits : results.logits) weights.push_back(random_values(logits.sizes(), 17));
  at::Tensor loss = at::zeros({});
  for (std::size_t s = 0; s < weights.size(); ++s) loss = loss + (results.logits[s] * weights[s]).sum();
  loss.backward();
  for (const auto& [name, parameter] : network.parameters())
    results.gradients[name] = parameter.grad().defined() ? parameter.grad() : at::zeros_like(parameter);
  return results;
}

// Of a convolution before a norm, which takes it away.
bool has_no_effect(const std::string& parameter) { return parameter.ends_with("conv.bias"); }

// Of the convolution of a bias before a norm.
bool has_rules(const NetworkSpec& spec, const std::string& bias, const Results& results) {
  const std::string name = bias.substr(0, bias.size() - 4);
  const bool first =
      name.find(".convs.0.") != std::string::npos || name.find(".blocks.0.conv1.") != std::string::npos;
  Kernel3 stride{1, 1, 1};
  for (std::size_t s = 0; first && s < spec.strides.size(); ++s)
    if (name.starts_with(fmt::format("encoder.stages.{}.", s))) stride = spec.strides[s];
  const auto shape = results.gradients.at(name + "weight").sizes();
  return cpu::has_training_rules({shape[2], shape[3], shape[4]}, stride);
}

// |gradient - exact| / |exact| of the parameters: the worst, and the root of the mean square.
class GradientErrors {
 public:
  void add(const Results& results, const Results& exact) {
    for (const auto& [name, gradient] : exact.gradients) {
      const double size = gradient.norm().item<double>();
      if (has_no_effect(name) || size == 0) continue;
      const double error = (results.gradients.at(name) - gradient).norm().item<double>() / size;
      worst_ = std::max(worst_, error);
      squares_ += error * error;
      ++count_;
    }
  }
  GradientErrors& operator+=(const GradientErrors& more) {
    worst_ = std::max(worst_, more.worst_);
    squares_ += more.squares_;
    count_ += more.count_;
    return *this;
  }
  double worst() const { return worst_; }
  double mean() const { return std::sqrt(squares_ / count_); }

 private:
  double worst_ = 0, squares_ = 0, count_ = 0;
};

struct BothErrors {
  GradientErrors own, peer;
};

// Compares logits with double's, and adds both kernels' errors of the gradients.
void compare(const NetworkSpec& spec, const at::Tensor& input, const DropoutDraw* dropout,
             BothErrors& errors) {
  const Results exact = run(spec, input, Way::kDouble, dropout),
                blocks = run(spec, input, Way::kBlocks, dropout);
  ASSERT_EQ(blocks.logits.size(), exact.logits.size());
  for (std::size_t s = 0; s < exact.logits.size(); ++s) {
    ASSERT_EQ(blocks.logits[s].sizes(), exact.logits[s].sizes());
    // Tolerance as in test_engine_conformance.h.
    EXPECT_LT((blocks.logits[s] - exact.logits[s]).abs().max().item<float>(), 5e-4);
  }
  for (const auto& [name, gradient] : blocks.gradients) {
    ASSERT_EQ(gradient.sizes(), exact.gradients.at(name).sizes()) << name;
    // LibTorch's, which computes where there are no rules, are rounding.
    if (has_no_effect(name)) {
      EXPECT_LE(gradient.abs().max().item<float>(), has_rules(spec, name, blocks) ? 0 : 1e-4F) << name;
    }
  }
  errors.own.add(blocks, exact);
  errors.peer.add(run(spec, input, Way::kLibTorch, dropout), exact);
}

class EveryNetworkInBlocks : public ::testing::TestWithParam<conformance::NetworkCase> {};

// Of one small network chance decides, by the roundings that change a sign before a ReLU: at most 1.63 here.
TEST_P(EveryNetworkInBlocks, IsNearDouble) {
  const auto& [name, spec, shape] = GetParam();
  BothErrors errors;
  compare(spec, random_input(shape), nullptr, errors);
  EXPECT_LT(errors.own.mean(), 2 * errors.peer.mean());
}

// 0.85 and 0.55 times LibTorch's errors with AVX2, and 0.85 times in the cases' geometric mean.
TEST(NetworkInBlocks, IsAsNearToDoubleAsLibTorchIs) {
  BothErrors all;
  double log_ratios = 0, count = 0;
  for (const auto& [name, spec, shape] : conformance::network_cases()) {
    BothErrors one;
    compare(spec, random_input(shape), nullptr, one);
    all.own += one.own;
    all.peer += one.peer;
    log_ratios += std::log(one.own.mean() / one.peer.mean());
    ++count;
  }
  const double ratio = std::exp(log_ratios / count);
  const auto record = [](const char* what, const GradientErrors& errors) {
    const std::string text = fmt::format("mean {:.3g}, worst {:.3g}", errors.mean(), errors.worst());
    fmt::print("gradients' relative errors, {}: {}\n", what, text);
    ::testing::Test::RecordProperty(what, text);
  };
  record("hepar", all.own);
  record("libtorch", all.peer);
  fmt::print("mean ratio of a network's: {:.3f}\n", ratio);
  EXPECT_LT(all.own.mean(), 1.1 * all.peer.mean());
  EXPECT_LT(all.own.worst(), 1.1 * all.peer.worst());
  EXPECT_LT(ratio, 1.0);
}

INSTANTIATE_TEST_SUITE_P(Blocks, EveryNetworkInBlocks, ::testing::ValuesIn(conformance::network_cases()),
                         [](const auto& test) { return test.param.name; });

TEST(NetworkInBlocks, DropsTheSameChannels) {
  NetworkSpec spec = conformance::make_spec({8, 12, 20});
  spec.dropout = 0.5;
  const DropoutDraw draw{{Random(21), Random(22)}};
  BothErrors errors;
  compare(spec, random_values({2, 1, 8, 12, 16}, 5), &draw, errors);
  EXPECT_LT(errors.own.mean(), 2 * errors.peer.mean());
}

TEST(NetworkInBlocks, GivesTheSameBytesOnAnyNumberOfThreads) {
  const NetworkSpec spec = conformance::make_spec({16, 24, 40});
  const at::Tensor input = random_values({2, 1, 24, 32, 40}, 5);
  std::vector<Results> results;
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    results.push_back(run(spec, input, Way::kBlocks));
  }
  EXPECT_TRUE(at::equal(results[0].logits[0], results[1].logits[0]));
  for (const auto& [name, gradient] : results[0].gradients)
    EXPECT_TRUE(at::equal(gradient, results[1].gradients.at(name))) << name;
}

TEST(NetworkInBlocks, PredictsWithoutGradients) {
  const NetworkSpec spec = conformance::make_spec({8, 12});
  TorchNetwork network(spec, random_weights(spec, 3));
  const at::Tensor input = random_values({1, 1, 4, 8, 8}, 5);
  const at::NoGradGuard no_gradients;
  const at::Tensor wanted = network.forward(input).front();
  network.use_own_kernels(true);
  const at::Tensor got = network.forward(input).front();
  EXPECT_FALSE(got.requires_grad());
  EXPECT_LT((got - wanted).abs().max().item<float>(), 5e-4);
}

// The gradient of the input, which training never asks for, goes through blocks too.
TEST(NetworkInBlocks, GivesTheGradientOfItsInput) {
  const NetworkSpec spec = conformance::make_spec({8, 12});
  std::vector<at::Tensor> gradients;
  for (const bool own : {false, true}) {
    TorchNetwork network(spec, random_weights(spec, 3));
    network.use_own_kernels(own);
    at::Tensor input = random_values({2, 1, 4, 8, 8}, 5).requires_grad_(true);
    network.forward(input).front().square().sum().backward();
    gradients.push_back(input.grad());
  }
  EXPECT_LT(((gradients[1] - gradients[0]).norm() / gradients[0].norm()).item<double>(), 1e-3);
}

}  // namespace
}  // namespace hepar
