// SPDX-License-Identifier: Apache-2.0
// The shipped model through the CPU engine in both its ways. bench/label_agreement does more phantoms.
#include <gtest/gtest.h>

#include "hepar/infer/model.h"
#include "hepar/nn_cpu/cpu_engine.h"
#include "hepar/phantom/phantom.h"

namespace hepar {
namespace {

WideLabelMap predict(const CtVolume& ct, CpuAlgorithms algorithms) {
  const Model model =
      load_model(HEPAR_DEMO_MODEL, [algorithms](const ModelPlan& plan, const Weights& weights) {
        return make_cpu_engine(plan.network, weights, {.algorithms = algorithms});
      });
  // Each voxel in one window only: less work, and no averages that hide differences.
  return model.predict(ct, {.step_fraction = 1, .mirror = false});
}

TEST(EngineAgreement, RoundingChangesFewerThanOneLabelInAHundredThousand) {
  const Phantom phantom = make_phantom({.cysts = CystContent::kSome}, 2024, 0);
  const WideLabelMap exact = predict(phantom.ct, CpuAlgorithms::kExact);
  const WideLabelMap fast = predict(phantom.ct, CpuAlgorithms::kDefault);
  ASSERT_EQ(fast.voxels().size(), exact.voxels().size());
  std::size_t liver = 0, different = 0;
  for (std::size_t n = 0; n < exact.voxels().size(); ++n) {
    liver += exact.voxels()[n] != 0;
    different += fast.voxels()[n] != exact.voxels()[n];
  }
  // 500 ml of voxels of some 3 x 3 x 3 mm.
  EXPECT_GT(liver, 15'000u);
  EXPECT_LT(static_cast<double>(different), 1e-5 * static_cast<double>(exact.voxels().size()));
  RecordProperty("different_voxels", std::to_string(different));
}

}  // namespace
}  // namespace hepar
