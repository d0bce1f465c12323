// SPDX-License-Identifier: Apache-2.0
#include <thread>

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

TEST(GoldenCase, OneModelServesConcurrentCallers) {
  const std::filesystem::path folder = kCases / "case2_regions_crop_pad_ensemble";
  const Model model = golden::load(folder, CpuAlgorithms::kDefault);
  const CtVolume ct = read_ct(folder / "input/test_000_0000.nii.gz").voxels;
  const WideLabelMap alone = model.predict(ct, {.mirror = false});
  std::vector<std::thread> callers;
  for (int n = 0; n < 3; ++n) {
    callers.emplace_back([&] {
      const WideLabelMap labels = model.predict(ct, {.mirror = false});
      EXPECT_TRUE(std::equal(alone.voxels().begin(), alone.voxels().end(), labels.voxels().begin(),
                             labels.voxels().end()));
    });
  }
  for (std::thread& caller : callers) caller.join();
}

}  // namespace
}  // namespace hepar
