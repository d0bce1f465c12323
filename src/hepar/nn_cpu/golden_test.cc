// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/test_algorithms.h"

namespace hepar {
namespace {
const std::filesystem::path kCases = std::filesystem::path(HEPAR_GOLDEN) / "nnunet";

TEST(GoldenPatch, OfAPlainNetwork) { expect_logits_by_all(kCases / "case2_regions_crop_pad_ensemble"); }
TEST(GoldenPatch, OfAResidualEncoder) { expect_logits_by_all(kCases / "case4_resenc_transposed_sepz"); }

}  // namespace
}  // namespace hepar
