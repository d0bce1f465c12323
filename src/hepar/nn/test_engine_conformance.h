// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every engine must do, for the tests of the engines' modules: instantiate EngineConformance with
// the engine's maker, and EngineAgreement with it and the oracle's.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/nn/engine.h"
#include "hepar/nn/test_networks.h"

namespace hepar::conformance {

using EngineMaker = std::function<std::unique_ptr<Engine>(const NetworkSpec&, const Weights&)>;

struct EngineUnderTest {
  std::string name;
  EngineMaker make;
};

// Names in test reports; GoogleTest would print bytes.
inline void PrintTo(const EngineUnderTest& engine, std::ostream* out) { *out << engine.name; }

class EngineConformance : public testing::TestWithParam<EngineUnderTest> {};

// Sets a layer of a network that is worked out by hand.
inline void set_layer(Weights& weights, const std::string& name, std::vector<std::int64_t> shape,
                      std::vector<float> weight, std::vector<float> bias) {
  weights[name + ".weight"] = {std::move(shape), std::move(weight)};
  if (!bias.empty()) weights[name + ".bias"] = {{static_cast<std::int64_t>(bias.size())}, std::move(bias)};
}

// For an input of one channel and a row of voxels along w: logits of two heads, one after the other.
inline void expect_logits(Engine& engine, std::vector<float> input, const std::vector<float>& wanted) {
  const auto width = static_cast<std::int64_t>(input.size());
  Tensor tensor({1, 1, 1, 1, width});
  tensor.values = std::move(input);
  const Tensor logits = engine.run(tensor);
  EXPECT_EQ(logits.shape, (TensorShape{1, 2, 1, 1, width}));
  ASSERT_EQ(logits.values.size(), wanted.size());
  // eps = 1e-5 beside variances of 1 and more shortens the normalised values by at most 5e-6.
  for (std::size_t n = 0; n < wanted.size(); ++n) EXPECT_NEAR(logits.values[n], wanted[n], 4e-5) << n;
}

// A network small enough to be worked out by hand: kernels of one voxel, two voxels along w.
TEST_P(EngineConformance, GivesTheValuesWorkedOutByHand) {
  NetworkSpec spec = make_spec({1, 1}, 1);
  spec.kernel_sizes = {{1, 1, 1}, {1, 1, 1}};
  spec.strides[1] = {1, 1, 2};
  Weights weights;
  // Input (1, 3): conv 2x - 1 = (1, 5); mean 3, variance 4: (-1, 1); leaky ReLU: (-0.01, 1).
  set_layer(weights, "encoder.stages.0.0.convs.0.conv", {1, 1, 1, 1, 1}, {2}, {-1});
  set_layer(weights, "encoder.stages.0.0.convs.0.norm", {1}, {1}, {0});
  // Stride 2 keeps the first voxel; one voxel is its own mean, so the norm leaves its bias: 0.5.
  set_layer(weights, "encoder.stages.1.0.convs.0.conv", {1, 1, 1, 1, 1}, {1}, {0});
  set_layer(weights, "encoder.stages.1.0.convs.0.norm", {1}, {7}, {0.5});
  // Up: 0.5 * (2, 3) + 1 = (2, 2.5).
  set_layer(weights, "decoder.transpconvs.0", {1, 1, 1, 1, 2}, {2, 3}, {1});
  // [up, skip]: 1 * (2, 2.5) + 2 * (-0.01, 1) = (1.98, 4.5); normalised (-1, 1), times 2 plus 3: (1, 5).
  set_layer(weights, "decoder.stages.0.convs.0.conv", {1, 2, 1, 1, 1}, {1, 2}, {0});
  set_layer(weights, "decoder.stages.0.convs.0.norm", {1}, {2}, {3});
  // Heads: x + 0.5 and -x.
  set_layer(weights, "decoder.seg_layers.0", {2, 1, 1, 1, 1}, {1, -1}, {0.5, 0});
  expect_logits(*GetParam().make(spec, weights), {1, 3}, {1.5f, 5.5f, -1, -5});
}

// The same for a residual encoder without biases, one block per stage.
TEST_P(EngineConformance, GivesTheValuesOfAResidualEncoderWorkedOutByHand) {
  NetworkSpec spec = make_residual_spec({1, 2}, 1);
  spec.kernel_sizes = {{1, 1, 1}, {1, 1, 1}};
  spec.strides[1] = {1, 1, 2};
  spec.conv_bias = false;
  spec.leaky_slope = 0.5;
  Weights weights;
  const std::vector<std::int64_t> one{1, 1, 1, 1, 1}, two{2, 1, 1, 1, 1};
  // Input (1, 5), stem 2x = (2, 10), normalised (-1, 1), times 1 plus 1 = (0, 2).
  set_layer(weights, "encoder.stem.convs.0.conv", one, {2}, {});
  set_layer(weights, "encoder.stem.convs.0.norm", {1}, {1}, {1});
  // Stage 0: conv1 -> (-1, 1) -> leaky ReLU (-0.5, 1); conv2, norm times 3 plus 1: (-2, 4); plus the block's
  // own input (0, 2): (-2, 6); leaky ReLU: (-1, 6).
  set_layer(weights, "encoder.stages.0.blocks.0.conv1.conv", one, {1}, {});
  set_layer(weights, "encoder.stages.0.blocks.0.conv1.norm", {1}, {1}, {0});
  set_layer(weights, "encoder.stages.0.blocks.0.conv2.conv", one, {1}, {});
  set_layer(weights, "encoder.stages.0.blocks.0.conv2.norm", {1}, {3}, {1});
  // Stage 1, one voxel: norms leave their biases. conv2: (1, -3), skip: (0.5, 1); sum (1.5, -2), leaky
  // ReLU: (1.5, -1).
  set_layer(weights, "encoder.stages.1.blocks.0.conv1.conv", two, {1, 1}, {});
  set_layer(weights, "encoder.stages.1.blocks.0.conv1.norm", {2}, {1, 1}, {4, 5});
  set_layer(weights, "encoder.stages.1.blocks.0.conv2.conv", {2, 2, 1, 1, 1}, {1, 2, 3, 4}, {});
  set_layer(weights, "encoder.stages.1.blocks.0.conv2.norm", {2}, {9, 9}, {1, -3});
  set_layer(weights, "encoder.stages.1.blocks.0.skip.1.conv", two, {1, 1}, {});
  set_layer(weights, "encoder.stages.1.blocks.0.skip.1.norm", {2}, {9, 9}, {0.5, 1});
  // Up, weights (1, 2) from the first channel and (3, 1) from the second: (1.5 - 3, 3 - 1) = (-1.5, 2).
  set_layer(weights, "decoder.transpconvs.0", {2, 1, 1, 1, 2}, {1, 2, 3, 1}, {});
  // [up, skip]: 2 * (-1.5, 2) + (-1, 6) = (-4, 10); normalised (-1, 1); leaky ReLU: (-0.5, 1).
  set_layer(weights, "decoder.stages.0.convs.0.conv", {1, 2, 1, 1, 1}, {2, 1}, {});
  set_layer(weights, "decoder.stages.0.convs.0.norm", {1}, {1}, {0});
  // Heads: 2x + 1 and -x.
  set_layer(weights, "decoder.seg_layers.0", {2, 1, 1, 1, 1}, {2, -1}, {1, 0});
  expect_logits(*GetParam().make(spec, weights), {1, 5}, {0, 3, 0.5f, -1});
}

// Norm weights of 0 silence all convolutions of the encoder but the stem's, so that its skips are seen alone.
TEST_P(EngineConformance, SkipsOfAResidualEncoderPoolByAverages) {
  NetworkSpec spec = make_residual_spec({1, 1}, 1);
  spec.kernel_sizes = {{1, 1, 1}, {1, 1, 1}};
  spec.strides[1] = {1, 1, 2};
  spec.conv_bias = false;
  spec.leaky_slope = 0;
  Weights weights;
  const std::vector<std::int64_t> one{1, 1, 1, 1, 1};
  // Input (-1, 1, 1, -1) has mean 0 and variance 1; plus 2: (1, 3, 3, 1), which stage 0 hands on.
  set_layer(weights, "encoder.stem.convs.0.conv", one, {1}, {});
  set_layer(weights, "encoder.stem.convs.0.norm", {1}, {1}, {2});
  for (const std::string block : {"encoder.stages.0.blocks.0", "encoder.stages.1.blocks.0"}) {
    for (const std::string layer : {".conv1", ".conv2"}) {
      set_layer(weights, block + layer + ".conv", one, {1}, {});
      set_layer(weights, block + layer + ".norm", {1}, {0}, {0});
    }
  }
  // Stage 1 has averages of (2, 2); up: (10, 2, 10, 2).
  set_layer(weights, "decoder.transpconvs.0", {1, 1, 1, 1, 2}, {5, 1}, {});
  // [up, skip]: (10, 2, 10, 2) + 3 * (1, 3, 3, 1) = (13, 11, 19, 5); mean 12, variance (1 + 1 + 49 + 49) / 4
  // = 25: (0.2, -0.2, 1.4, -1.4); ReLU: (0.2, 0, 1.4, 0).
  set_layer(weights, "decoder.stages.0.convs.0.conv", {1, 2, 1, 1, 1}, {1, 3}, {});
  set_layer(weights, "decoder.stages.0.convs.0.norm", {1}, {1}, {0});
  // Heads: 5x and 1 - x.
  set_layer(weights, "decoder.seg_layers.0", {2, 1, 1, 1, 1}, {5, -1}, {0, 1});
  expect_logits(*GetParam().make(spec, weights), {-1, 1, 1, -1}, {1, 0, 7, 0, 0.8f, 1, -0.4f, 1});
}

TEST_P(EngineConformance, SamplesOfABatchDoNotMix) {
  const NetworkSpec spec = make_spec({6, 8});
  const auto engine = GetParam().make(spec, random_weights(spec, 5));
  const Tensor both = random_tensor({2, 1, 4, 4, 6}, 6);
  Tensor second({1, 1, 4, 4, 6});
  std::copy_n(both.values.begin() + second.shape.count(), second.shape.count(), second.values.begin());
  const Tensor of_both = engine->run(both), alone = engine->run(second);
  EXPECT_EQ(std::vector<float>(of_both.values.begin() + alone.shape.count(), of_both.values.end()),
            alone.values);
}

TEST_P(EngineConformance, RunsAgainAndOnOtherShapes) {
  const NetworkSpec spec = make_spec({6, 8});
  const auto engine = GetParam().make(spec, random_weights(spec, 7));
  const Tensor small = random_tensor({1, 1, 4, 4, 6}, 8), large = random_tensor({1, 1, 8, 4, 10}, 9);
  const Tensor first = engine->run(small);
  EXPECT_EQ(engine->run(large).shape, (TensorShape{1, 2, 8, 4, 10}));
  EXPECT_EQ(engine->run(small).values, first.values);
}

TEST_P(EngineConformance, RefusesShapesThatDoNotFit) {
  const NetworkSpec spec = make_spec({4, 4});
  const auto engine = GetParam().make(spec, random_weights(spec, 10));
  for (const TensorShape& shape :
       {TensorShape{1, 1, 4, 4, 5}, TensorShape{1, 2, 4, 4, 4}, TensorShape{0, 1, 4, 4, 4}}) {
    try {
      engine->run(Tensor(shape));
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    }
  }
}

TEST_P(EngineConformance, RefusesWeightsOfAnotherNetwork) {
  Weights weights = random_weights(make_spec({4, 4}), 11);
  weights.erase("decoder.transpconvs.0.weight");
  EXPECT_THROW(GetParam().make(make_spec({4, 4}), weights), Error);
}

struct Agreement {
  EngineMaker engine, oracle;
  NetworkCase network;
};
inline void PrintTo(const Agreement& agreement, std::ostream* out) { *out << agreement.network.name; }
class EngineAgreement : public testing::TestWithParam<Agreement> {};

// Tolerance: a float32 sum of K products is off by about sqrt(K) * 2^-24 of its size; the norm after every
// layer keeps sizes near 1, so over L layers the errors add up to some L * sqrt(K) * 2^-24. The largest case
// has L = 18 and K = 27 * 128: 6e-5, and 2e-4 leaves three standard deviations. A wrong tap, channel or
// border is seen at 1e-2.
TEST_P(EngineAgreement, WithTheOracleWithinFloatRounding) {
  const NetworkCase& network = GetParam().network;
  const Weights weights = random_weights(network.spec, 1);
  const Tensor input = random_tensor(network.input, 2);
  const Tensor wanted = GetParam().oracle(network.spec, weights)->run(input);
  const Tensor got = GetParam().engine(network.spec, weights)->run(input);
  ASSERT_EQ(got.shape, wanted.shape);
  double largest = 1, difference = 0;
  for (std::size_t n = 0; n < wanted.values.size(); ++n) {
    largest = std::max(largest, std::fabs(static_cast<double>(wanted.values[n])));
    const double off = std::fabs(static_cast<double>(got.values[n]) - static_cast<double>(wanted.values[n]));
    difference = std::isfinite(off) ? std::max(difference, off) : HUGE_VAL;
  }
  EXPECT_LT(difference, 2e-4 * largest);
  RecordProperty("largest_difference", std::to_string(difference));
}

}  // namespace hepar::conformance
