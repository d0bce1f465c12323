// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/test_algorithms.h"

namespace hepar {
namespace {
const std::filesystem::path kCases = std::filesystem::path(HEPAR_TEST_DATA) / "fixtures/nnunet";

TEST(SharedGoldenPatch, OfThreeLabels) { expect_logits_by_all(kCases / "case1_softmax_oblique"); }
TEST(SharedGoldenPatch, OfFlatKernels) { expect_logits_by_all(kCases / "case3_regions_aniso_sepz"); }

}  // namespace
}  // namespace hepar
