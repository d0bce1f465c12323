// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "hepar/core/progress.h"
#include "hepar/nn/engine.h"
#include "hepar/volume/volume.h"

namespace hepar {

struct InferenceOptions {
  double step_fraction = 0.5;  // window step / patch size, in (0, 1]
  bool mirror = false;  // average over the 8 axis flips; 8 times slower. For models trained with mirroring.
};

// The image seen through sliding windows, each weighted by a Gaussian; logits (1, heads, k, j, i) on the
// image's grid, averaged over windows, flips and engines (a model's folds). Windows reach beyond a small
// image into zeros. Rules: nnunetv2/inference/predict_from_raw_data.py and sliding_window_prediction.py; sums
// are float32, nnU-Net's float16.
// Memory besides the result: the engines' own and two patches. Throws Error(kCorrupt) when an engine gives
// values that are not finite.
Tensor predict_logits(const Volume<float>& image, std::span<const std::unique_ptr<Engine>> folds, Int3 patch,
                      const InferenceOptions& options = {}, Progress* progress = nullptr);

}  // namespace hepar
