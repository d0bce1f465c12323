// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "hepar/plan/test_upstream_case.h"

namespace hepar {
namespace {

TEST(PreprocessUpstreamData, ObliqueScanInSpace) {
  expect_equal_to_upstream(read_upstream_case(HEPAR_TEST_DATA "/fixtures/nnunet/case1_softmax_oblique"));
}

TEST(PreprocessUpstreamData, ThickSlicesApart) {
  expect_equal_to_upstream(read_upstream_case(HEPAR_TEST_DATA "/fixtures/nnunet/case3_regions_aniso_sepz"));
}

}  // namespace
}  // namespace hepar
