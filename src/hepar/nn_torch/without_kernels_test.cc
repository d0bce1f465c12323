// SPDX-License-Identifier: Apache-2.0
// Of a build with -DHEPAR_TRAINING_KERNELS=OFF.
#include <gtest/gtest.h>

#include "hepar/core/error.h"
#include "hepar/nn/test_networks.h"
#include "hepar/nn_torch/torch_network.h"

namespace hepar {
namespace {

TEST(TorchNetworkWithoutKernels, SaysHowToBuildThem) {
  EXPECT_FALSE(TorchNetwork::has_own_kernels());
  TorchNetwork network(conformance::make_spec({4, 6}), 1);
  network.use_own_kernels(false);
  try {
    network.use_own_kernels(true);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_STREQ(error.what(),
                 "this build has LibTorch's kernels alone; build it with -DHEPAR_TRAINING_KERNELS=ON");
  }
}

}  // namespace
}  // namespace hepar
