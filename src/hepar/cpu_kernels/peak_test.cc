// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/peak.h"

#include <gtest/gtest.h>

namespace hepar::cpu {
namespace {

// Between a processor slower than any that runs this (1 GFLOP/s) and 1024 cores of 300 GFLOP/s.
TEST(Peak, IsThatOfAProcessor) {
  const double gflops = measured_peak_gflops();
  EXPECT_GT(gflops, 0.01);
  EXPECT_LT(gflops, 3e5);
}

}  // namespace
}  // namespace hepar::cpu
