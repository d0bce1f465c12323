// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hepar/nn/model_folder.h"

namespace hepar {

// Tells from logits on the network's grid which voxels a model gives one of some labels: a region's where
// its logit exceeds 0, whatever is written over it later, else that of the largest logit (label_export.h).
class LabelFinder {
 public:
  LabelFinder(const DatasetLabels& labels, std::span<const int> wanted);
  // found[v] becomes 1 where voxel v of a plane of logits (heads x voxels) has a wanted label, else 0.
  void find(std::span<const float> logits, std::span<std::uint8_t> found) const;

 private:
  bool has_regions_;
  std::vector<bool> wanted_;  // by head
};

}  // namespace hepar
