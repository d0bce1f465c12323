// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "hepar/nn/model_folder.h"
#include "hepar/train/communicator.h"

namespace hepar {

struct PseudoDiceScore {
  // By region as declared, or by label from 1; none where it is neither in truth nor prediction.
  std::vector<std::optional<double>> dice;
  std::optional<double> mean;  // over those there are
};

// The Dice of validation patches as if they were one image, 2 TP / (2 TP + FP + FN): a quick measure to
// choose a checkpoint by, not the Dice of whole cases. nnU-Net training/nnUNetTrainer/nnUNetTrainer.py,
// validation_step and on_validation_epoch_end.
class PseudoDice {
 public:
  explicit PseudoDice(const DatasetLabels& labels) : labels_(labels) {}
  // logits (N, heads, D, H, W) at full resolution; labels (N, D, H, W) on the same device. The largest logit
  // wins, or regions are where the sigmoid exceeds 0.5. Voxels of the ignore label don't count.
  void add(const at::Tensor& logits, const at::Tensor& labels);
  // Of all that all processes added, at least one batch each; every process must ask.
  PseudoDiceScore score(Communicator& processes) const;

 private:
  DatasetLabels labels_;
  at::Tensor counts_;  // (3, labels or regions) float64 on the logits' device: TP, FP, FN
};

// nnU-Net's smoothed score, logging/nnunet_logger.py: 0.9 previous + 0.1 mean, at first the mean. Where an
// epoch has no mean the previous value stays.
std::optional<double> smoothed_dice(std::optional<double> previous, std::optional<double> mean);

}  // namespace hepar
