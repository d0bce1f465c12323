// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace hepar {

// Formula 1 of Lin et al. 2024, Front. Oncol. 14:1423774, for overlapping regions with sigmoid outputs:
//   loss = mean over scales of  1/2 BCE + 1/2 (1 - mean_c D_c),
//   D_c = (2 sum y_c p_c + s) / (sum y_c + sum p_c + s),
// with c = every region and the background, whose target is 1 - y_0 and probability 1 - p_0: region 0
// holds all others. BCE is the mean over regions and voxels, the sums run over the batch, and s = 1e-5
// (nnU-Net training/loss/dice.py) defines D for a region that is nowhere.
// logits and target: (N, regions, D, H, W) float32, target 0 or 1.
at::Tensor region_loss(const at::Tensor& logits, const at::Tensor& target);

// The mean of region_loss over the scales; `target` at full resolution is sampled to each one's grid at
// the voxel nearest to the coarse voxel's centre (nnU-Net's nearest-exact).
at::Tensor deep_supervision_loss(const std::vector<at::Tensor>& logits, const at::Tensor& target);

}  // namespace hepar
