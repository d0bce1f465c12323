// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/test_golden_patch.h"
#include "hepar/nn_cpu/cpu_engine.h"

namespace hepar {
namespace {
const std::filesystem::path kCases = std::filesystem::path(HEPAR_GOLDEN) / "nnunet";

void expect_logits(const std::string& name) {
  expect_logits_of_nnunet(kCases / name, [](const NetworkSpec& spec, const Weights& weights) {
    return make_cpu_engine(spec, weights);
  });
}

TEST(GoldenPatch, OfAPlainNetwork) { expect_logits("case2_regions_crop_pad_ensemble"); }
TEST(GoldenPatch, OfAResidualEncoder) { expect_logits("case4_resenc_transposed_sepz"); }

}  // namespace
}  // namespace hepar
