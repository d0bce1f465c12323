// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/infer/search.h"
#include "hepar/nn/model_folder.h"
#include "hepar/volume/volume.h"
#include "hepar/windows/fold_engines.h"

namespace hepar {

// Where a quick look at a whole scan finds some labels.
struct CoarsePass {
  Mask found;  // on the coarse network's grid
  double found_ml = 0;
  std::int64_t dropped_parts = 0;  // left out of it
  double dropped_ml = 0;
  std::int64_t windows = 0;
  double seconds = 0;  // wall clock
  std::string fault;   // why the finding is not to be relied on; empty: it is
};

// The plan with its voxels enlarged 1.5 times along each axis: 3.4 times fewer.
ModelPlan coarsened(const ModelPlan& plan);

// About how many windows a coarse pass by that plan runs where the plan's own grid has `size` voxels.
std::int64_t coarse_window_count(const Kernel3& size, const ModelPlan& plan);

// Whether a liver with its lesions can be that large.
bool is_liver_volume(double ml);

// "280 and 6000 mL"
std::string liver_volume_range();

// The network once over the scan at the plan's spacing, without mirroring and with little overlap. Parts of
// less than 2 % of the largest in which there is no lesion are dropped; nothing found, or a volume that no
// liver has, is a fault.
CoarsePass find_coarsely(std::span<const CtVolume> channels, const ModelPlan& plan,
                         const DatasetLabels& labels, const FoldEngines& folds, const WantedLabels& wanted,
                         Progress* progress = nullptr);

}  // namespace hepar
