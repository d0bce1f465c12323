// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/test_golden_case.h"

namespace hepar {
namespace {
const std::filesystem::path kCases = std::filesystem::path(HEPAR_TEST_DATA) / "fixtures/nnunet";

TEST(SharedGoldenCase, AnObliqueScanWithLabels) {
  golden::expect_all_of_nnunet(kCases / "case1_softmax_oblique");
}
TEST(SharedGoldenCase, ThickSlicesWithRegions) {
  golden::expect_all_of_nnunet(kCases / "case3_regions_aniso_sepz");
}

}  // namespace
}  // namespace hepar
