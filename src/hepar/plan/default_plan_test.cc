// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/default_plan.h"

#include <gtest/gtest.h>

#include <numeric>

namespace hepar {
namespace {

TEST(DefaultPlan, PatchFitsTheNetwork) {
  const ModelPlan plan = default_plan();
  const Kernel3 divisor = plan.network.size_divisor();
  for (std::size_t axis = 0; axis < 3; ++axis) EXPECT_EQ(plan.patch_size[axis] % divisor[axis], 0);
}

TEST(DefaultPlan, WeightsFitIntoTwelveMegabytesAsFloat32) {
  std::int64_t count = 0;
  for (const auto& p : parameters_of(default_plan().network)) {
    count += std::accumulate(p.shape.begin(), p.shape.end(), std::int64_t{1}, std::multiplies<>());
  }
  EXPECT_LT(count * 4, 12'000'000);
}

}  // namespace
}  // namespace hepar
