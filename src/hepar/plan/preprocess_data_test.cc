// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "hepar/io/image_io.h"
#include "hepar/plan/test_upstream_case.h"

namespace hepar {
namespace {

UpstreamCase read_upstream_case(const std::filesystem::path& folder) {
  return upstream_case(folder, read_ct(folder / "input" / "test_000_0000.nii.gz").voxels);
}

TEST(PreprocessUpstreamData, ObliqueScanInSpace) {
  expect_equal_to_upstream(read_upstream_case(HEPAR_TEST_DATA "/fixtures/nnunet/case1_softmax_oblique"));
}

TEST(PreprocessUpstreamData, ThickSlicesApart) {
  expect_equal_to_upstream(read_upstream_case(HEPAR_TEST_DATA "/fixtures/nnunet/case3_regions_aniso_sepz"));
}

}  // namespace
}  // namespace hepar
