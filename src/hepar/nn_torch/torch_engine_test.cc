// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_torch/torch_engine.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "hepar/core/error.h"
#include "hepar/nn/test_engine_conformance.h"
#include "hepar/nn/test_golden_patch.h"
#include "hepar/nn/test_plan.h"
#include "hepar/nn_reference/reference_engine.h"
#include "hepar/nn_torch/torch_network_engine.h"

namespace hepar::conformance {
namespace {

const EngineMaker kMaker = [](const NetworkSpec& spec, const Weights& weights) {
  return make_torch_engine(spec, weights);
};

std::vector<Agreement> agreements() {
  std::vector<Agreement> list;
  for (const auto& network : network_cases()) list.push_back({kMaker, &make_reference_engine, network});
  return list;
}

INSTANTIATE_TEST_SUITE_P(Torch, EngineConformance, ::testing::Values(EngineUnderTest{"torch", kMaker}));
INSTANTIATE_TEST_SUITE_P(Torch, EngineAgreement, ::testing::ValuesIn(agreements()),
                         [](const auto& test) { return test.param.network.name; });

const std::filesystem::path kCases = std::filesystem::path(HEPAR_GOLDEN) / "nnunet";

TEST(TorchEngine, GivesTheLogitsOfAPlainNetworkOfNnunet) {
  expect_logits_of_nnunet(kCases / "case2_regions_crop_pad_ensemble", kMaker);
}
TEST(TorchEngine, GivesTheLogitsOfAResidualEncoderOfNnunet) {
  expect_logits_of_nnunet(kCases / "case4_resenc_transposed_sepz", kMaker);
}

// A case as the unknown device or the missing GPU; the tests run on the host alone.
ErrorCode refusal(const TorchEngineOptions& options) {
  const NetworkSpec spec = make_spec({4, 4});
  try {
    make_torch_engine(spec, random_weights(spec, 1), options);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kInternal;
}

TEST(TorchEngine, RefusesDevicesThatItDoesNotKnowAndFloat16OnTheHost) {
  EXPECT_EQ(refusal({.device = "gpu"}), ErrorCode::kInvalidInput);
  EXPECT_EQ(refusal({.half = true}), ErrorCode::kUnsupported);
}

TEST(TorchEngine, PrefersSingleSamplesOnTheHost) {
  const NetworkSpec spec = make_spec({6, 8});
  EXPECT_EQ(make_torch_engine(spec, random_weights(spec, 1), {.most_samples = 8})->preferred_samples(), 1);
}

TEST(ForwardInBatches, HalvesTheBatchUntilItFits) {
  std::vector<std::int64_t> tried;
  const BatchForward no_more_than_two = [&](const at::Tensor& samples) {
    tried.push_back(samples.size(0));
    TORCH_CHECK(samples.size(0) <= 2, "CUDA out of memory. Tried to allocate 2.00 GiB");
    return samples + 1;
  };
  std::int64_t samples = 5;
  const at::Tensor input = at::arange(7, at::kFloat).view({7, 1, 1, 1, 1});
  EXPECT_TRUE(at::equal(forward_in_batches(input, samples, no_more_than_two), input + 1));
  EXPECT_EQ(tried, (std::vector<std::int64_t>{5, 2, 2, 2, 1}));
  EXPECT_EQ(samples, 2);  // the next call begins with it
}

TEST(ForwardInBatches, SaysWhenOneSampleDoesNotFit) {
  std::int64_t samples = 4;
  try {
    forward_in_batches(at::zeros({4, 1, 8, 8, 8}), samples, [](const at::Tensor&) -> at::Tensor {
      TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory.");
    });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kExhausted);
    EXPECT_EQ(samples, 1);
  }
}

TEST(ForwardInBatches, SaysOtherFaultsInOneLine) {
  std::int64_t samples = 4;
  try {
    forward_in_batches(at::zeros({4, 1, 8, 8, 8}), samples, [](const at::Tensor& x) {
      TORCH_CHECK(false, "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED.\nThis may be a bug.");
      return x;
    });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    const std::string text = error.what();
    EXPECT_NE(text.find("CUDNN_STATUS_NOT_SUPPORTED"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  }
  EXPECT_EQ(samples, 4);
}

TEST(EngineOf, RunsTheNetworkAsItIsAtEachCall) {
  NetworkSpec spec = make_spec({6, 8});
  spec.dropout = 0.5;  // not in prediction
  TorchNetwork network(spec, 1);
  const auto engine = engine_of(network);
  const Tensor input = random_tensor({1, 1, 4, 4, 6}, 2);
  for (const std::uint64_t seed : {3, 4}) {
    const Weights weights = random_weights(spec, seed);
    network.set_weights(weights);
    EXPECT_EQ(engine->run(input).values, make_torch_engine(spec, weights)->run(input).values);
  }
}

}  // namespace
}  // namespace hepar::conformance
