// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "hepar/nn/model_folder.h"
#include "hepar/train/communicator.h"

namespace hepar {

struct LossSettings {
  bool paper = false;       // formula 1 of the paper instead of nnU-Net's loss
  bool batch_dice = false;  // Dice of the whole batch at once instead of the mean over its patches
  std::int64_t scales = 0;  // finest outputs counted, all where there are fewer; 0: all
};

// Cross-entropy plus Dice loss over the outputs of a deeply supervised network. With s = 1e-5 and sums over
// the voxels of a patch (of all patches of all processes with batch_dice),
//   D_c = (2 sum y_c p_c + s) / (sum y_c + sum p_c + s).
// Regions have sigmoid outputs and a binary cross-entropy, labels have softmax. y at a coarse output is the
// label at the voxel nearest to the coarse voxel's centre (nearest-exact).
//
// nnU-Net v2 (training/loss/compound_losses.py, dice.py, deep_supervision.py; nnUNetTrainer.py,
// _build_loss): cross-entropy - mean D over the regions, or over the labels but background. Output i of K
// weighs 2^-i, the last of several 0, in sum 1. Lin et al. 2024, Front. Oncol. 14:1423774, formula 1: 1/2
// cross-entropy + 1/2 (1 - mean D) over all labels, or over the regions and the background 1 - p_0, y_0. The
// outputs weigh alike. That Dice is taken patch by patch unless the plan says batch_dice is nnU-Net's rule;
// the paper leaves it open.
//
// Voxels of the ignore label count nowhere: cross-entropies are means over the others, 0 where none is left.
// nnU-Net's binary one is then the sum over the regions instead of their mean.
class SegmentationLoss {
 public:
  // `processes` must outlive the loss. Error(kInvalidInput) for the paper's loss with regions that don't all
  // lie in the first one.
  SegmentationLoss(const DatasetLabels& labels, const LossSettings& settings, Communicator& processes);

  // logits: full resolution first, (N, heads, D, H, W); labels: (N, D, H, W) whole numbers on the same
  // device, of dataset.json. Processes call it with equal N. A scalar: what a process has computed from its
  // part of the batch, such that the mean over the processes is the whole batch's loss, and so the gradients'
  // mean.
  at::Tensor operator()(const std::vector<at::Tensor>& logits, const at::Tensor& labels) const;

 private:
  at::Tensor at_one_scale(const at::Tensor& logits, const at::Tensor& labels) const;
  at::Tensor softmax_loss(const at::Tensor& logits, const at::Tensor& labels, const at::Tensor& mask) const;
  at::Tensor region_loss(const at::Tensor& logits, const at::Tensor& labels, const at::Tensor& mask) const;
  at::Tensor mean_dice(const at::Tensor& probability, const at::Tensor& target, const at::Tensor& mask) const;
  at::Tensor mean_over_processes(const at::Tensor& sum, const at::Tensor& count) const;
  at::Tensor combined(const at::Tensor& cross_entropy, const at::Tensor& dice) const;

  DatasetLabels labels_;
  LossSettings settings_;
  Communicator& processes_;
};

// What each of the outputs of a network weighs in the loss, full resolution first; sums to 1.
std::vector<double> scale_weights(const LossSettings& settings, std::size_t outputs);

// (N, D, H, W) labels sampled at `size` = (d, h, w), int64. Nearest-exact: voxel i of n takes the one that
// holds its centre, floor((i + 1/2) size / n) (nnU-Net training/data_augmentation,
// DownsampleSegForDSTransform).
at::Tensor labels_at_size(const at::Tensor& labels, at::IntArrayRef size);

// (N, D, H, W) labels to (N, regions, D, H, W) truth values: inside the region or not.
at::Tensor region_truth(const at::Tensor& labels,
                        const std::vector<std::pair<std::string, std::vector<int>>>& regions);

}  // namespace hepar
