// SPDX-License-Identifier: Apache-2.0
// Against the plain loops in double, on networks as wide as those people train.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hepar/nn/model_folder.h"
#include "hepar/nn/test_networks.h"
#include "hepar/nn_cpu/test_algorithms.h"
#include "hepar/nn_reference/reference_engine.h"

namespace hepar {
namespace {

void expect_accurate(const NetworkSpec& spec, const Weights& weights, const Tensor& input) {
  const Tensor wanted = make_reference_engine(spec, weights)->run(input);
  double largest = 0;
  for (const float logit : wanted.values) largest = std::max(largest, std::fabs(static_cast<double>(logit)));
  ASSERT_GT(largest, 1);
  for (const AlgorithmsUnderTest& test : all_algorithms()) {
    const Tensor got = make_cpu_engine(spec, weights, {.algorithms = test.algorithms})->run(input);
    ASSERT_EQ(got.shape, wanted.shape);
    double difference = 0;
    for (std::size_t n = 0; n < wanted.values.size(); ++n) {
      const double off =
          std::fabs(static_cast<double>(got.values[n]) - static_cast<double>(wanted.values[n]));
      difference = std::isfinite(off) ? std::max(difference, off) : HUGE_VAL;
    }
    EXPECT_LT(difference, test.error_share * largest) << test.name;
    testing::Test::RecordProperty(test.name, std::to_string(6 * difference / largest));
  }
}

// The network of docs/cpu-engine.md, less its lowest stage.
TEST(Accuracy, OfANetworkWithRandomWeights) {
  NetworkSpec spec = make_plain_spec({32, 64, 128, 256, 320});
  spec.heads = 3;
  expect_accurate(spec, random_weights(spec, 1), conformance::random_tensor({1, 1, 16, 32, 32}, 2));
}

// A body with a liver, as the model sees it: soft tissue, some of it brighter, air around.
Tensor made_up_body(const TensorShape& shape) {
  Tensor input = conformance::random_tensor(shape, 3);
  std::size_t n = 0;
  for (std::int64_t d = 0; d < shape.d; ++d) {
    for (std::int64_t h = 0; h < shape.h; ++h) {
      for (std::int64_t w = 0; w < shape.w; ++w, ++n) {
        const auto away = [](std::int64_t at, double centre, double radius) {
          return (static_cast<double>(at) - centre) / radius;
        };
        const bool body = std::hypot(away(h, 24, 20), away(w, 24, 22)) < 1;
        const bool liver = std::hypot(away(d, 16, 12), away(h, 20, 10), away(w, 17, 11)) < 1;
        const bool tumour = std::hypot(away(d, 16, 4), away(h, 20, 4), away(w, 17, 4)) < 1;
        const float level = tumour ? -0.4f : liver ? 0.6f : body ? 0.0f : -4.0f;
        input.values[n] = level + 0.2f * input.values[n];
      }
    }
  }
  return input;
}

TEST(Accuracy, OfTheShippedModel) {
  const ModelFolder model = read_model_folder(HEPAR_DEMO_MODEL);
  expect_accurate(model.plan.network, read_fold(model, 0), made_up_body({1, 1, 32, 48, 48}));
}

}  // namespace
}  // namespace hepar
