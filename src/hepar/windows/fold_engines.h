// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "hepar/nn/engine.h"

namespace hepar {

// The engines of a model's folds, shared by concurrent callers: one call runs at a time.
class FoldEngines {
 public:
  explicit FoldEngines(std::vector<std::unique_ptr<Engine>> folds);  // at least one
  std::size_t count() const { return folds_.size(); }

  // How many patches of one call run fastest.
  std::int64_t preferred_samples() const { return folds_.front()->preferred_samples(); }

  // patches (N, channels, patch); gives, for each, the mean of one fold's logits over the patch as it is and
  // mirrored along every subset of `mirror_axes` (0 d, 1 h, 2 w; ascending), in nnU-Net's order: none, single
  // axes, pairs, all (predict_from_raw_data.py, _internal_maybe_mirror_and_predict). An engine that prefers
  // several samples gets several patches and mirrorings in one call; the sums do not depend on it. Throws
  // Error(kCorrupt) when the network gives values that are not finite.
  Tensor run(std::size_t fold, const Tensor& patches, const std::vector<int>& mirror_axes) const;

 private:
  std::vector<std::unique_ptr<Engine>> folds_;
  mutable std::mutex busy_;
};

}  // namespace hepar
