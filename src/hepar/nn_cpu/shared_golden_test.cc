// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/test_golden_patch.h"
#include "hepar/nn_cpu/cpu_engine.h"

namespace hepar {
namespace {
const std::filesystem::path kCases = std::filesystem::path(HEPAR_TEST_DATA) / "fixtures/nnunet";

void expect_logits(const std::string& name) {
  expect_logits_of_nnunet(kCases / name, [](const NetworkSpec& spec, const Weights& weights) {
    return make_cpu_engine(spec, weights);
  });
}

TEST(SharedGoldenPatch, OfThreeLabels) { expect_logits("case1_softmax_oblique"); }
TEST(SharedGoldenPatch, OfFlatKernels) { expect_logits("case3_regions_aniso_sepz"); }

}  // namespace
}  // namespace hepar
