// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/parallel.h"
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

// For each parameter |gradient - exact| / |exact|; the worst, and the root of the mean square.
struct GradientErrors {
  double worst = 0, mean = 0;
};
GradientErrors errors_of(const Results& results, const Results& exact) {
  GradientErrors errors;
  double count = 0;
  for (const auto& [name, gradient] : exact.gradients) {
    if (has_no_effect(name)) continue;
    const double size = gradient.norm().item<double>();
    if (size == 0) continue;
    const double error = (results.gradients.at(name) - gradient).norm().item<double>() / size;
    errors.worst = std::max(errors.worst, error);
    errors.mean += error * error;
    ++count;
  }
  errors.mean = std::sqrt(errors.mean / count);
  return errors;
}

void expect_as_near_as_libtorch(const NetworkSpec& spec, const at::Tensor& input,
                                const DropoutDraw* dropout) {
  const Results exact = run(spec, input, Way::kDouble, dropout);
  const Results plain = run(spec, input, Way::kLibTorch, dropout),
                blocks = run(spec, input, Way::kBlocks, dropout);
  ASSERT_EQ(blocks.logits.size(), exact.logits.size());
  for (std::size_t s = 0; s < exact.logits.size(); ++s) {
    ASSERT_EQ(blocks.logits[s].sizes(), exact.logits[s].sizes());
    // Tolerance as in test_engine_conformance.h.
    EXPECT_LT((blocks.logits[s] - exact.logits[s]).abs().max().item<float>(), 5e-4);
  }
  for (const auto& [name, gradient] : blocks.gradients) {
    ASSERT_EQ(gradient.sizes(), exact.gradients.at(name).sizes()) << name;
    if (has_no_effect(name)) {
      // Exactly 0 but for the kernels that go through LibTorch.
      EXPECT_LT(gradient.abs().max().item<float>(), 1e-4) << name;
    }
  }
  const GradientErrors own = errors_of(blocks, exact), peer = errors_of(plain, exact);
  EXPECT_LT(own.worst, 3 * peer.worst);
  EXPECT_LT(own.mean, 2 * peer.mean);
}

class EveryNetworkInBlocks : public ::testing::TestWithParam<conformance::NetworkCase> {};

TEST_P(EveryNetworkInBlocks, IsAsNearToDoubleAsLibTorchIs) {
  const auto& [name, spec, shape] = GetParam();
  expect_as_near_as_libtorch(spec, random_input(shape), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Blocks, EveryNetworkInBlocks, ::testing::ValuesIn(conformance::network_cases()),
                         [](const auto& test) { return test.param.name; });

TEST(NetworkInBlocks, DropsTheSameChannels) {
  NetworkSpec spec = conformance::make_spec({8, 12, 20});
  spec.dropout = 0.5;
  const DropoutDraw draw{{Random(21), Random(22)}};
  expect_as_near_as_libtorch(spec, random_values({2, 1, 8, 12, 16}, 5), &draw);
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
