// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/loss.h"

#include <gtest/gtest.h>

#include <cmath>

namespace hepar {
namespace {

at::Tensor maps(std::vector<float> values, std::int64_t regions, std::int64_t width) {
  return at::tensor(values).reshape({1, regions, 1, 1, width});
}

TEST(RegionLoss, AgreesWithFormulaOneByHand) {
  // Two voxels; p(liver) = 0.8, 0.4 and p(tumour) = 0.5, 0.2; liver in both voxels, tumour in the first.
  // logit(p) = ln(p / (1 - p)).
  const auto logit = [](double p) { return static_cast<float>(std::log(p / (1 - p))); };
  const at::Tensor logits = maps({logit(0.8), logit(0.4), logit(0.5), logit(0.2)}, 2, 2);
  const at::Tensor target = maps({1, 1, 1, 0}, 2, 2);
  // BCE = -(ln 0.8 + ln 0.4 + ln 0.5 + ln 0.8) / 4 = (0.2231436 + 0.9162907 + 0.6931472 + 0.2231436) / 4.
  const double bce = 2.0557251 / 4;
  // Liver 2 * 1.2 / (2 + 1.2) = 0.75; tumour 2 * 0.5 / (1 + 0.7) = 0.5882353; background, not there:
  // 1e-5 / (0 + 0.8 + 1e-5) = 0.0000125.
  const double dice = (0.75 + 0.5882353 + 0.0000125) / 3;
  EXPECT_NEAR(region_loss(logits, target).item<double>(), 0.5 * bce + 0.5 * (1 - dice), 2e-6);
}

TEST(RegionLoss, IsNearZeroForASurePerfectAnswer) {
  const at::Tensor target = maps({1, 1, 0, 1, 0, 0}, 2, 3);
  const at::Tensor logits = (target * 2 - 1) * 30;
  EXPECT_NEAR(region_loss(logits, target).item<double>(), 0, 1e-6);
}

TEST(RegionLoss, GradientAgreesWithDifferences) {
  const at::Tensor target = maps({1, 1, 0, 1, 0, 0}, 2, 3).to(at::kDouble);
  at::Tensor logits = maps({0.3F, -0.2F, 0.7F, 1.1F, -0.9F, 0.4F}, 2, 3).to(at::kDouble).requires_grad_(true);
  region_loss(logits, target).backward();
  const at::NoGradGuard no_gradients;
  for (std::int64_t v = 0; v < 6; ++v) {
    const double h = 1e-6;
    const at::Tensor up = logits.clone();
    const at::Tensor down = logits.clone();
    up.view(-1)[v] += h;
    down.view(-1)[v] -= h;
    const double slope =
        (region_loss(up, target).item<double>() - region_loss(down, target).item<double>()) / (2 * h);
    EXPECT_NEAR(logits.grad().view(-1)[v].item<double>(), slope, 1e-8);
  }
}

TEST(DeepSupervisionLoss, IsTheMeanOverScales) {
  // A target of 4 x 4 x 4 whose every 2 x 2 x 2 block is uniform has the same truth at half resolution.
  at::Tensor coarse_target = at::zeros({1, 2, 2, 2, 2});
  coarse_target.select(2, 0).fill_(1);
  const at::Tensor target =
      coarse_target.repeat_interleave(2, 2).repeat_interleave(2, 3).repeat_interleave(2, 4);
  const at::Tensor fine = at::full({1, 2, 4, 4, 4}, 0.5);
  const at::Tensor coarse = at::full({1, 2, 2, 2, 2}, -0.25);
  const double expected =
      (region_loss(fine, target).item<double>() + region_loss(coarse, coarse_target).item<double>()) / 2;
  EXPECT_NEAR(deep_supervision_loss({fine, coarse}, target).item<double>(), expected, 1e-6);
}

}  // namespace
}  // namespace hepar
