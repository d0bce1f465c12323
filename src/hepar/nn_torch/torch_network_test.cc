// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_torch/torch_network.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"
#include "hepar/core/random.h"
#include "hepar/nn/random_network.h"
#include "hepar/nn/test_networks.h"
#include "hepar/nn/test_plan.h"
#include "hepar/nn_reference/reference_engine.h"

namespace hepar {
namespace {

Tensor random_input(const TensorShape& shape) {
  Tensor input(shape);
  Random random(11);
  for (float& v : input.values) v = static_cast<float>(random.normal());
  return input;
}

at::Tensor torch_view(Tensor& tensor) {
  const TensorShape& s = tensor.shape;
  return at::from_blob(tensor.values.data(), {s.n, s.c, s.d, s.h, s.w});
}

TEST(TorchNetwork, HasTheParametersOfTheSpec) {
  const NetworkSpec spec = testing::tiny_plan().network;
  const TorchNetwork network(spec, 1);
  const auto wanted = parameters_of(spec);
  ASSERT_EQ(network.parameters().size(), wanted.size());
  for (const ParameterSpec& p : wanted) {
    ASSERT_TRUE(network.parameters().contains(p.name)) << p.name;
    EXPECT_EQ(network.parameters().at(p.name).sizes(), at::IntArrayRef(p.shape)) << p.name;
  }
}

TEST(TorchNetwork, StartsWithHesDeviation) {
  NetworkSpec spec = testing::tiny_plan().network;
  spec.features_per_stage = {16, 32, 64};
  const TorchNetwork network(spec, 1);
  // Fan-in 16 * 27, slope 0.01: sqrt(2 / 1.0001 / 432) = 0.06804. 13824 draws: its error is 1 / sqrt(2 n) =
  // 0.6 %.
  const at::Tensor& weight = network.parameters().at("encoder.stages.1.0.convs.0.conv.weight");
  EXPECT_NEAR(weight.std().item<double>(), 0.06804, 0.0014);
  EXPECT_EQ(network.parameters().at("encoder.stages.1.0.convs.0.norm.weight").min().item<float>(), 1);
  EXPECT_EQ(network.parameters().at("encoder.stages.1.0.convs.0.conv.bias").abs().max().item<float>(), 0);
}

class EveryNetwork : public ::testing::TestWithParam<conformance::NetworkCase> {};

TEST_P(EveryNetwork, AgreesWithTheReferenceEngine) {
  const auto& [name, spec, shape] = GetParam();
  const Weights weights = random_weights(spec, 3);
  TorchNetwork network(spec, 3);
  network.set_weights(weights);
  Tensor input = random_input(shape);
  const at::NoGradGuard no_gradients;
  const at::Tensor logits = network.forward(torch_view(input)).front().contiguous();
  const Tensor expected = make_reference_engine(spec, weights)->run(input);
  ASSERT_EQ(logits.numel(), expected.shape.count());
  for (std::int64_t v = 0; v < logits.numel(); ++v) {
    // Tolerance as in test_engine_conformance.h.
    ASSERT_NEAR(logits.data_ptr<float>()[v], expected.values[static_cast<std::size_t>(v)], 5e-4);
  }
}

INSTANTIATE_TEST_SUITE_P(Torch, EveryNetwork, ::testing::ValuesIn(conformance::network_cases()),
                         [](const auto& test) { return test.param.name; });

TEST(TorchNetwork, ResidualBlocksBeginAsTheirSkips) {
  const NetworkSpec spec = conformance::make_residual_spec({4, 6});
  const TorchNetwork network(spec, 1);
  const auto& parameters = network.parameters();
  EXPECT_EQ(parameters.at("encoder.stages.1.blocks.0.conv2.norm.weight").abs().max().item<float>(), 0);
  EXPECT_EQ(parameters.at("encoder.stages.1.blocks.0.conv1.norm.weight").min().item<float>(), 1);
  EXPECT_EQ(parameters.at("encoder.stages.1.blocks.0.skip.1.norm.weight").min().item<float>(), 1);
}

TEST(TorchNetwork, GivesOneOutputPerDecoderStageFullResolutionFirst) {
  const TorchNetwork network(testing::tiny_plan().network, 1);
  const auto logits = network.forward(at::zeros({1, 1, 8, 8, 8}));
  ASSERT_EQ(logits.size(), 2U);
  EXPECT_EQ(logits[0].sizes(), at::IntArrayRef({1, 2, 8, 8, 8}));
  EXPECT_EQ(logits[1].sizes(), at::IntArrayRef({1, 2, 4, 4, 4}));
}

TEST(TorchNetwork, BFloat16IsNearFloat32) {
  NetworkSpec residual = testing::tiny_plan().network;
  residual.network_class = NetworkClass::kResidualEncoderUNet;
  for (const NetworkSpec& spec : {testing::tiny_plan().network, residual}) {
    TorchNetwork network(spec, 3);
    Tensor input = random_input({1, 1, 8, 8, 8});
    const at::NoGradGuard no_gradients;
    const at::Tensor exact = network.forward(torch_view(input)).front();
    network.set_precision(Precision::kBFloat16);
    const at::Tensor rounded = network.forward(torch_view(input)).front();
    // bfloat16 keeps 8 bits: 0.4 % a layer over some ten layers.
    EXPECT_LT(((exact - rounded).norm() / exact.norm()).item<double>(), 0.05);
  }
}

// Dropout multiplies the maps between a convolution and its norm by one factor a channel, which is the same
// as multiplying the convolution's weight and bias by it. `dropped` names the convolutions that have dropout,
// in the order in which they compute. The norm's large epsilon keeps it from undoing the factors.
void expect_dropout_after(NetworkSpec spec, const std::vector<std::string>& dropped) {
  spec.dropout = 0.5;
  spec.norm_eps = 0.1;
  const Weights weights = random_weights(spec, 3);
  const DropoutDraw draw{{Random(21)}};
  Weights scaled = weights;
  for (std::size_t layer = 0; layer < dropped.size(); ++layer) {
    NamedTensor& weight = scaled.at(dropped[layer] + ".conv.weight");
    NamedTensor& bias = scaled.at(dropped[layer] + ".conv.bias");
    const std::size_t channels = bias.values.size(), each = weight.values.size() / channels;
    const at::Tensor factors = dropout_factors(draw, layer, weight.shape[0], 0.5);
    for (std::size_t n = 0; n < weight.values.size(); ++n)
      weight.values[n] *= factors.data_ptr<float>()[n / each];
    for (std::size_t c = 0; c < channels; ++c) bias.values[c] *= factors.data_ptr<float>()[c];
  }
  Tensor input = random_input({1, 1, 8, 8, 8});
  const at::NoGradGuard no_gradients;
  const at::Tensor wanted = TorchNetwork(spec, scaled).forward(torch_view(input)).front();
  const at::Tensor got = TorchNetwork(spec, weights).forward(torch_view(input), &draw).front();
  const at::Tensor without = TorchNetwork(spec, weights).forward(torch_view(input)).front();
  EXPECT_LT((got - wanted).abs().max().item<float>(), 1e-4);
  EXPECT_GT((got - without).abs().max().item<float>(), 1e-2);
}

TEST(TorchNetwork, DropsAfterEveryConvolutionOfAPlainNetwork) {
  expect_dropout_after(
      conformance::make_spec({8, 12}, 2),
      {"encoder.stages.0.0.convs.0", "encoder.stages.0.0.convs.1", "encoder.stages.1.0.convs.0",
       "encoder.stages.1.0.convs.1", "decoder.stages.0.convs.0", "decoder.stages.0.convs.1"});
}

TEST(TorchNetwork, DropsInTheStemAndFirstConvolutionOfAResidualBlockOnly) {
  expect_dropout_after(conformance::make_residual_spec({8, 12}, 1),
                       {"encoder.stem.convs.0", "encoder.stages.0.blocks.0.conv1",
                        "encoder.stages.1.blocks.0.conv1", "decoder.stages.0.convs.0"});
}

TEST(TorchNetwork, DropoutOfASampleDoesNotDependOnItsBatch) {
  NetworkSpec spec = conformance::make_spec({8, 12});
  spec.dropout = 0.5;
  const TorchNetwork network(spec, 3);
  Tensor input = random_input({2, 1, 8, 8, 8});
  const at::Tensor both = torch_view(input);
  const DropoutDraw draw{{Random(1), Random(2)}};
  const at::NoGradGuard no_gradients;
  const at::Tensor logits = network.forward(both, &draw).front();
  for (std::int64_t n = 0; n < 2; ++n) {
    const DropoutDraw own{{draw.samples[static_cast<std::size_t>(n)]}};
    const at::Tensor alone = network.forward(both.slice(0, n, n + 1), &own).front();
    EXPECT_LT((logits.slice(0, n, n + 1) - alone).abs().max().item<float>(), 1e-5);
  }
  const DropoutDraw too_few{{Random(1)}};
  EXPECT_THROW(network.forward(both, &too_few), Error);
}

TEST(TorchNetwork, DropsNothingInPrediction) {
  NetworkSpec spec = conformance::make_spec({8, 12});
  const Weights weights = random_weights(spec, 3);
  Tensor input = random_input({1, 1, 8, 8, 8});
  const at::NoGradGuard no_gradients;
  const at::Tensor without = TorchNetwork(spec, weights).forward(torch_view(input)).front();
  spec.dropout = 0.5;
  EXPECT_TRUE(at::equal(TorchNetwork(spec, weights).forward(torch_view(input)).front(), without));
}

TEST(TorchNetwork, MovesWithItsWeights) {
  const NetworkSpec spec = testing::tiny_plan().network;
  TorchNetwork network(spec, 1);
  EXPECT_TRUE(network.device().is_cpu());
  const Weights before = network.weights();
  network.move_to(at::kCPU);
  for (const auto& [name, parameter] : network.parameters()) {
    EXPECT_TRUE(parameter.is_leaf() && parameter.requires_grad()) << name;
    EXPECT_EQ(network.weights().at(name).values, before.at(name).values) << name;
  }
}

TEST(TorchNetwork, WeightsGoRoundAndWrongOnesAreNamed) {
  const NetworkSpec spec = testing::tiny_plan().network;
  const TorchNetwork first(spec, 1);
  TorchNetwork second(spec, 2);
  Weights weights = first.weights();
  second.set_weights(weights);
  EXPECT_EQ(second.weights().at("decoder.seg_layers.1.weight").values,
            weights.at("decoder.seg_layers.1.weight").values);
  weights.erase("decoder.transpconvs.0.bias");
  try {
    second.set_weights(weights);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("decoder.transpconvs.0.bias"), std::string::npos);
  }
}

}  // namespace
}  // namespace hepar
