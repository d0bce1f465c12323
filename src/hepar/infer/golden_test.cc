// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/test_golden_case.h"

namespace hepar {
namespace {
const std::filesystem::path kCases = std::filesystem::path(HEPAR_GOLDEN) / "nnunet";

TEST(GoldenCase, TwoFoldsWithRegionsOnACroppedScan) {
  golden::expect_all_of_nnunet(kCases / "case2_regions_crop_pad_ensemble");
}
TEST(GoldenCase, AResidualEncoderOnTransposedSlices) {
  golden::expect_all_of_nnunet(kCases / "case4_resenc_transposed_sepz");
}

}  // namespace
}  // namespace hepar
