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
#include "hepar/core/random.h"
#include "hepar/nn/engine.h"
#include "hepar/tensors/weights.h"

namespace hepar::conformance {

using EngineMaker = std::function<std::unique_ptr<Engine>(const NetworkSpec&, const Weights&)>;

inline Tensor random_tensor(const TensorShape& shape, std::uint64_t seed) {
  Tensor tensor(shape);
  Random random(seed);
  for (float& value : tensor.values) value = static_cast<float>(random.normal());
  return tensor;
}

// He's initialisation (He et al., ICCV 2015), so that signals keep their size; norms and biases away from 1
// and 0.
inline Weights random_weights(const NetworkSpec& spec, std::uint64_t seed) {
  Weights weights;
  Random random(seed);
  for (const auto& [name, shape] : parameters_of(spec)) {
    std::int64_t count = 1;
    for (const auto size : shape) count *= size;
    const bool is_scale = name.ends_with("norm.weight");
    const double sd =
        shape.size() == 1 ? 0.2 : std::sqrt(2.0 * static_cast<double>(shape[0]) / static_cast<double>(count));
    auto& tensor = weights[name];
    tensor.shape = shape;
    for (std::int64_t n = 0; n < count; ++n) {
      tensor.values.push_back(static_cast<float>(random.normal(is_scale ? 1 : 0, sd)));
    }
  }
  return weights;
}

struct EngineUnderTest {
  std::string name;
  EngineMaker make;
};

struct NetworkCase {
  std::string name;
  NetworkSpec spec;
  TensorShape input;
};

inline NetworkSpec make_spec(std::vector<std::int64_t> features, std::int64_t blocks = 2) {
  NetworkSpec spec;
  const std::size_t stages = features.size();
  spec.features_per_stage = std::move(features);
  spec.kernel_sizes.assign(stages, {3, 3, 3});
  spec.strides.assign(stages, {2, 2, 2});
  spec.strides[0] = {1, 1, 1};
  spec.conv_per_stage.assign(stages, blocks);
  spec.conv_per_stage_decoder.assign(stages - 1, blocks);
  return spec;
}

inline std::vector<NetworkCase> network_cases() {
  std::vector<NetworkCase> cases;
  cases.push_back({"odd_features", make_spec({5, 7, 9}), {1, 1, 8, 12, 16}});
  cases.push_back({"whole_blocks", make_spec({16, 32, 64}), {1, 1, 16, 8, 20}});
  cases.push_back({"batch_of_two", make_spec({16, 48}), {2, 1, 4, 6, 8}});
  cases.push_back({"down_to_one_voxel", make_spec({4, 8, 12, 16, 20}), {1, 1, 16, 16, 16}});
  NetworkCase anisotropic{"anisotropic", make_spec({8, 16, 24}), {1, 1, 6, 8, 12}};
  anisotropic.spec.kernel_sizes = {{1, 3, 3}, {1, 3, 3}, {3, 3, 3}};
  anisotropic.spec.strides = {{1, 1, 1}, {1, 2, 2}, {2, 2, 2}};
  cases.push_back(anisotropic);
  NetworkCase uneven{"uneven_blocks", make_spec({6, 10, 18}), {1, 3, 6, 12, 4}};
  uneven.spec.input_channels = 3;
  uneven.spec.heads = 3;
  uneven.spec.conv_per_stage = {1, 3, 2};
  uneven.spec.conv_per_stage_decoder = {3, 1};
  uneven.spec.kernel_sizes = {{3, 3, 3}, {5, 1, 3}, {1, 1, 1}};
  uneven.spec.strides = {{1, 1, 1}, {1, 3, 2}, {3, 2, 1}};
  uneven.spec.leaky_slope = 0.2;
  uneven.spec.norm_eps = 1e-2;
  cases.push_back(uneven);
  NetworkCase five_inputs{"five_inputs", make_spec({17, 33}, 1), {1, 5, 2, 2, 34}};
  five_inputs.spec.input_channels = 5;
  cases.push_back(five_inputs);
  return cases;
}

// Names in test reports; GoogleTest would print bytes.
inline void PrintTo(const EngineUnderTest& engine, std::ostream* out) { *out << engine.name; }
inline void PrintTo(const NetworkCase& network, std::ostream* out) { *out << network.name; }

class EngineConformance : public testing::TestWithParam<EngineUnderTest> {};

// A network small enough to be worked out by hand: kernels of one voxel, two voxels along w.
TEST_P(EngineConformance, GivesTheValuesWorkedOutByHand) {
  NetworkSpec spec = make_spec({1, 1}, 1);
  spec.kernel_sizes = {{1, 1, 1}, {1, 1, 1}};
  spec.strides[1] = {1, 1, 2};
  Weights weights;
  const auto set = [&](const std::string& name, std::vector<std::int64_t> shape, std::vector<float> weight,
                       std::vector<float> bias) {
    weights[name + ".bias"] = {{static_cast<std::int64_t>(bias.size())}, std::move(bias)};
    weights[name + ".weight"] = {std::move(shape), std::move(weight)};
  };
  // Input (1, 3): conv 2x - 1 = (1, 5); mean 3, variance 4: (-1, 1); leaky ReLU: (-0.01, 1).
  set("encoder.stages.0.0.convs.0.conv", {1, 1, 1, 1, 1}, {2}, {-1});
  set("encoder.stages.0.0.convs.0.norm", {1}, {1}, {0});
  // Stride 2 keeps the first voxel; one voxel is its own mean, so the norm leaves its bias: 0.5.
  set("encoder.stages.1.0.convs.0.conv", {1, 1, 1, 1, 1}, {1}, {0});
  set("encoder.stages.1.0.convs.0.norm", {1}, {7}, {0.5});
  // Up: 0.5 * (2, 3) + 1 = (2, 2.5).
  set("decoder.transpconvs.0", {1, 1, 1, 1, 2}, {2, 3}, {1});
  // [up, skip]: 1 * (2, 2.5) + 2 * (-0.01, 1) = (1.98, 4.5); normalised (-1, 1), times 2 plus 3: (1, 5).
  set("decoder.stages.0.convs.0.conv", {1, 2, 1, 1, 1}, {1, 2}, {0});
  set("decoder.stages.0.convs.0.norm", {1}, {2}, {3});
  // Heads: x + 0.5 and -x.
  set("decoder.seg_layers.0", {2, 1, 1, 1, 1}, {1, -1}, {0.5, 0});
  Tensor input({1, 1, 1, 1, 2});
  input.values = {1, 3};
  const Tensor logits = GetParam().make(spec, weights)->run(input);
  EXPECT_EQ(logits.shape, (TensorShape{1, 2, 1, 1, 2}));
  const float wanted[] = {1.5f, 5.5f, -1, -5};
  // eps = 1e-5 beside variances of 4 and 1.6 shortens the normalised values by about 3e-6.
  for (std::size_t n = 0; n < 4; ++n) EXPECT_NEAR(logits.values[n], wanted[n], 2e-5) << n;
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
