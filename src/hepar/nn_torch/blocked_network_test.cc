// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "hepar/core/parallel.h"
#include "hepar/nn/test_networks.h"
#include "hepar/nn_torch/torch_network.h"

namespace hepar {
namespace {

class EveryNetworkInBlocks : public ::testing::TestWithParam<conformance::NetworkCase> {};

struct Results {
  std::vector<at::Tensor> logits;
  std::map<std::string, at::Tensor> gradients;
};

at::Tensor random_values(at::IntArrayRef shape, std::uint64_t seed) {
  at::Tensor values = at::empty(shape);
  Random random(seed);
  std::generate_n(values.data_ptr<float>(), values.numel(), [&] { return static_cast<float>(random.normal()); });
  return values;
}

// The gradients of a random weighting of all logits.
Results run(const NetworkSpec& spec, const at::Tensor& input, bool own_kernels) {
  TorchNetwork network(spec, conformance::random_weights(spec, 3));
  network.use_own_kernels(own_kernels);
  Results results{network.forward(input), {}};
  at::Tensor loss = at::zeros({});
  std::uint64_t seed = 17;
  for (const at::Tensor& logits : results.logits)
    loss = loss + (logits * random_values(logits.sizes(), seed++)).sum() / static_cast<double>(logits.numel());
  loss.backward();
  for (const auto& [name, parameter] : network.parameters())
    if (parameter.grad().defined()) results.gradients[name] = parameter.grad();
  return results;
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / std::max(b.norm().item<double>(), 1e-6)).item<double>();
}

TEST_P(EveryNetworkInBlocks, HasTheLogitsAndGradientsOfLibTorch) {
  const auto& [name, spec, shape] = GetParam();
  const at::Tensor input = random_values({shape.n, shape.c, shape.d, shape.h, shape.w}, 5);
  const Results wanted = run(spec, input, false), got = run(spec, input, true);
  ASSERT_EQ(got.logits.size(), wanted.logits.size());
  for (std::size_t s = 0; s < wanted.logits.size(); ++s) {
    ASSERT_EQ(got.logits[s].sizes(), wanted.logits[s].sizes());
    EXPECT_LT((got.logits[s] - wanted.logits[s]).abs().max().item<float>(), 5e-4);
  }
  for (const auto& [parameter, gradient] : wanted.gradients) {
    ASSERT_TRUE(got.gradients.contains(parameter)) << parameter;
    EXPECT_LT(distance(got.gradients.at(parameter), gradient), 1e-2) << parameter;
  }
}

INSTANTIATE_TEST_SUITE_P(Blocks, EveryNetworkInBlocks, ::testing::ValuesIn(conformance::network_cases()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace hepar
