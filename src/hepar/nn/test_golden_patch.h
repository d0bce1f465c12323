// SPDX-License-Identifier: Apache-2.0
#pragma once

// A patch that nnU-Net itself sent through one of its networks (tests/golden/README.md), for tests.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hepar/nn/engine.h"
#include "hepar/nn/model_folder.h"
#include "hepar/nn/test_golden_model.h"
#include "hepar/tensors/test_npy.h"

namespace hepar {

// `folder`/model holds one model in nnU-Net's folders; the patch went through its first fold. The logits
// may differ by 1e-4, for float32 sums run in another order, or by `share` of the largest.
inline void expect_logits_of_nnunet(
    const std::filesystem::path& folder,
    const std::function<std::unique_ptr<Engine>(const NetworkSpec&, const Weights&)>& make_engine,
    std::optional<double> share = {}) {
  const ModelFolder model = read_model_folder(golden_model(folder));
  const NpyArray patch = read_npy(folder / "patch_input.npy"), logits = read_npy(folder / "patch_logits.npy");
  const auto [d, h, w] = model.plan.patch_size;
  Tensor input({1, model.plan.network.input_channels, d, h, w});
  ASSERT_EQ(patch.values.size(), input.values.size());
  std::transform(patch.values.begin(), patch.values.end(), input.values.begin(),
                 [](double value) { return static_cast<float>(value); });
  const Tensor got = make_engine(model.plan.network, read_fold(model, 0))->run(input);
  ASSERT_EQ(logits.values.size(), got.values.size());
  double difference = 0, largest = 0;
  for (std::size_t n = 0; n < got.values.size(); ++n) {
    const double off = std::fabs(static_cast<double>(got.values[n]) - logits.values[n]);
    difference = std::isfinite(off) ? std::max(difference, off) : HUGE_VAL;
    largest = std::max(largest, std::fabs(logits.values[n]));
  }
  EXPECT_LT(difference, share ? *share * largest : 1e-4);
  testing::Test::RecordProperty("largest_difference", std::to_string(difference));
}

}  // namespace hepar
