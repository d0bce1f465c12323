// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>

#include "hepar/core/progress.h"
#include "hepar/windows/fold_engines.h"

namespace hepar {

struct WindowOptions {
  Kernel3 patch{};                 // d, h, w; d = 1: slice by slice
  double step_fraction = 0.5;      // window step / patch size, in (0, 1]
  std::vector<int> mirror_axes{};  // 0 d, 1 h, 2 w; ascending; each doubles the time
  bool parity = false;             // with nnU-Net's float16 sums instead of float32 ones
  // Which windows run, by window as SlidingWindows::choose() takes them; empty: all. Where none runs, the
  // logits are `elsewhere`, by head. Not with parity.
  std::vector<std::uint8_t> run{};
  std::vector<float> elsewhere{};
};

// Takes the logits of plane d, heads x h x w; valid during the call.
using PlaneSink = std::function<void(std::int64_t d, std::span<const float> logits)>;

// The image (1, channels, d, h, w) seen through sliding windows, each weighted by a Gaussian and averaged
// over windows, mirrorings and folds; every plane goes to `sink` as soon as it is finished, in ascending
// order. Windows reach beyond a small image into zeros. Rules: nnunetv2/inference/predict_from_raw_data.py
// and sliding_window_prediction.py. Memory besides the image: the engines' own, two patches (more with
// mirroring, and two for each window and fold of an engine that prefers batches) and, for each head, patch
// depth planes of 4 bytes a voxel; in parity 2 bytes a voxel and fold.
// Throws Error(kCorrupt) when an engine gives values that are not finite.
void predict_planes(const Tensor& image, const FoldEngines& folds, const WindowOptions& options,
                    const PlaneSink& sink, Progress* progress = nullptr);

// All planes at once: logits (1, heads, d, h, w).
Tensor predict_logits(const Tensor& image, const FoldEngines& folds, const WindowOptions& options,
                      Progress* progress = nullptr);

}  // namespace hepar
