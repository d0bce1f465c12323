// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/nn/model_folder.h"
#include "hepar/volume/volume.h"
#include "hepar/windows/fold_engines.h"

namespace hepar {

// Where a quick look at a whole scan finds some labels.
struct CoarsePass {
  Mask found;  // on the coarse network's grid
  std::int64_t windows = 0;
  double seconds = 0;  // wall clock
  std::string fault;   // why the finding is not to be relied on; empty: it is
};

// The plan with its voxels enlarged 1.5 times along each axis: 3.4 times fewer.
ModelPlan coarsened(const ModelPlan& plan);

// About how many windows a coarse pass by that plan runs where the plan's own grid has `size` voxels.
std::int64_t coarse_window_count(const Kernel3& size, const ModelPlan& plan);

// The network once over the scan at the plan's spacing, without mirroring and with little overlap. Parts of
// less than 2 % of the largest are dropped; nothing found, or a volume that no liver has, is a fault.
CoarsePass find_coarsely(std::span<const CtVolume> channels, const ModelPlan& plan,
                         const DatasetLabels& labels, const FoldEngines& folds, std::span<const int> wanted,
                         Progress* progress = nullptr);

}  // namespace hepar
