// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/loss.h"

namespace hepar {

at::Tensor region_loss(const at::Tensor& logits, const at::Tensor& target) {
  constexpr double kSmooth = 1e-5;
  const at::Tensor cross_entropy = at::binary_cross_entropy_with_logits(logits, target);
  const at::Tensor p = at::sigmoid(logits);
  const auto with_background = [](const at::Tensor& regions) {
    return at::cat(std::vector<at::Tensor>{1 - regions.narrow(1, 0, 1), regions}, 1);
  };
  const at::Tensor y_all = with_background(target);
  const at::Tensor p_all = with_background(p);
  const std::vector<std::int64_t> batch_and_space{0, 2, 3, 4};
  const at::Tensor overlap = (y_all * p_all).sum(batch_and_space);
  const at::Tensor total = y_all.sum(batch_and_space) + p_all.sum(batch_and_space);
  const at::Tensor dice = (2 * overlap + kSmooth) / (total + kSmooth);
  return 0.5 * cross_entropy + 0.5 * (1 - dice.mean());
}

at::Tensor deep_supervision_loss(const std::vector<at::Tensor>& logits, const at::Tensor& target) {
  at::Tensor sum;
  for (const at::Tensor& scale : logits) {
    const at::Tensor coarse = scale.sizes() == target.sizes()
                                  ? target
                                  : at::_upsample_nearest_exact3d(target, scale.sizes().slice(2));
    const at::Tensor loss = region_loss(scale, coarse);
    sum = sum.defined() ? sum + loss : loss;
  }
  return sum / static_cast<double>(logits.size());
}

}  // namespace hepar
