// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/adam.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

std::map<std::string, at::Tensor> one_parameter() { return {{"w", at::full({1}, 1.0).requires_grad_(true)}}; }

void set_gradient(const std::map<std::string, at::Tensor>& parameters, double value) {
  parameters.at("w").mutable_grad() = at::full({1}, value);
}

TEST(Adam, TwoStepsByHand) {
  // Step 1, gradient 2: m = 0.2, v = 0.004; corrected 2 and 4: w = 1 - 0.1 * 2 / 2 = 0.9.
  // Step 2, gradient 1: m = 0.28, v = 0.004996; corrected 0.28 / 0.19 = 1.473684 and 0.004996 / 0.001999
  // = 2.499250, root 1.580902: w = 0.9 - 0.1 * 1.473684 / 1.580902 = 0.806782.
  const auto parameters = one_parameter();
  Adam adam(parameters);
  set_gradient(parameters, 2);
  adam.step(0.1);
  EXPECT_NEAR(parameters.at("w").item<double>(), 0.9, 1e-6);
  set_gradient(parameters, 1);
  adam.step(0.1);
  EXPECT_NEAR(parameters.at("w").item<double>(), 0.806782, 2e-6);
}

TEST(Adam, ClearsTheGradients) {
  const auto parameters = one_parameter();
  Adam adam(parameters);
  set_gradient(parameters, 2);
  adam.step(0.1);
  EXPECT_EQ(parameters.at("w").grad().item<double>(), 0);
}

TEST(Adam, RestoredStateGoesOnAlike) {
  const auto first = one_parameter();
  Adam adam(first);
  set_gradient(first, 2);
  adam.step(0.1);
  Weights checkpoint;
  adam.append_state(checkpoint);

  const auto second = one_parameter();
  Adam restored(second);
  restored.restore(checkpoint, 1);
  set_gradient(first, 1);
  set_gradient(second, 1);
  adam.step(0.1);
  restored.step(0.1);
  // Both moved by the same second step, from 0.9 and from 1.
  EXPECT_NEAR(second.at("w").item<double>() - first.at("w").item<double>(), 0.1, 1e-6);
}

TEST(Adam, RefusesAStateWithoutItsMoments) {
  Adam adam(one_parameter());
  EXPECT_THROW(adam.restore(Weights{}, 1), Error);
}

}  // namespace
}  // namespace hepar
