// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/network_work.h"

#include <gtest/gtest.h>

#include "hepar/nn/test_networks.h"

namespace hepar {
namespace {

TEST(NetworkWork, OfAPlainNetwork) {
  NetworkSpec spec = make_plain_spec({2, 4}, 1);
  spec.heads = 3;
  // Voxels: 4 x 4 x 8 = 128, below 16. Encoder: 27 taps x 1 x 2 at 128 and 27 x 2 x 4 at 16; up: 8 x 4 x 2 at
  // 16; decoder: 27 x 4 x 2 at 128; head: 2 x 3 at 128. Products: 6912 + 3456 + 1024 + 27648 + 768 = 39808.
  EXPECT_NEAR(gflop_of(spec, {4, 4, 8}), 2 * 39808e-9, 1e-15);
}

TEST(NetworkWork, OfAResidualEncoder) {
  NetworkSpec spec = conformance::make_residual_spec({2, 4}, 1);
  // Stem: 27 x 1 x 2 at 128. Stage 0: two of 27 x 2 x 2 at 128. Stage 1: 27 x 2 x 4 and 27 x 4 x 4 at 16, its
  // skip 2 x 4 at 16. Up, decoder as above, head 2 x 2 at 128.
  // Products: 6912 + 27648 + 3456 + 6912 + 128 + 1024 + 27648 + 512 = 74240.
  EXPECT_NEAR(gflop_of(spec, {4, 4, 8}), 2 * 74240e-9, 1e-15);
}

TEST(NetworkWork, OfDeepSupervisionHeadsIsNone) {
  NetworkSpec spec = make_plain_spec({2, 2, 2}, 1);
  const double with_two_heads = gflop_of(spec, {8, 8, 8});
  spec.heads = 4;
  // Two heads more at full resolution only: 2 x 2 x 512 products.
  EXPECT_NEAR(gflop_of(spec, {8, 8, 8}) - with_two_heads, 2 * 2048e-9, 1e-15);
}

}  // namespace
}  // namespace hepar
