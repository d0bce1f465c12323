// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/pseudo_dice.h"

#include "hepar/core/error.h"
#include "hepar/train/loss.h"

namespace hepar {

void PseudoDice::add(const at::Tensor& logits, const at::Tensor& labels) {
  const at::NoGradGuard no_gradients;
  at::Tensor truth, predicted;  // (N, labels or regions, D, H, W) truth values
  if (labels_.has_regions()) {
    truth = region_truth(labels, labels_.regions);
    predicted = at::sigmoid(logits).gt(0.5);
  } else {
    const at::Tensor classes =
        at::arange(1, logits.size(1), labels.options().dtype(at::kLong)).view({1, -1, 1, 1, 1});
    truth = labels.unsqueeze(1).eq(classes);
    predicted = logits.argmax(1, true).eq(classes);
  }
  if (labels_.ignore_label) {
    const at::Tensor counted = labels.ne(*labels_.ignore_label).unsqueeze(1);
    truth = truth.logical_and(counted);
    predicted = predicted.logical_and(counted);
  }
  const std::vector<std::int64_t> all_but_classes{0, 2, 3, 4};
  const at::Tensor both = truth.logical_and(predicted).sum(all_but_classes);
  const at::Tensor counts = at::stack(std::vector<at::Tensor>{both, predicted.sum(all_but_classes) - both,
                                                              truth.sum(all_but_classes) - both})
                                .to(at::kDouble);
  counts_ = counts_.defined() ? counts_ + counts : counts;
}

PseudoDiceScore PseudoDice::score(Communicator& processes) const {
  HEPAR_EXPECT(counts_.defined(), "a pseudo-Dice needs at least one batch");
  at::Tensor sums = counts_.clone();
  processes.sum(sums);
  sums = sums.cpu();
  PseudoDiceScore score;
  double total = 0;
  int present = 0;
  for (std::int64_t c = 0; c < sums.size(1); ++c) {
    const auto twice_both = 2 * sums[0][c].item<double>();
    const double all = twice_both + sums[1][c].item<double>() + sums[2][c].item<double>();
    score.dice.push_back(all > 0 ? std::optional(twice_both / all) : std::nullopt);
    if (all > 0) total += twice_both / all;
    if (all > 0) ++present;
  }
  if (present > 0) score.mean = total / present;
  return score;
}

std::optional<double> smoothed_dice(std::optional<double> previous, std::optional<double> mean) {
  if (!previous || !mean) return mean ? mean : previous;
  return 0.9 * *previous + 0.1 * *mean;
}

}  // namespace hepar
