// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "hepar/infer/predict_logits.h"
#include "hepar/nn/model_folder.h"

namespace hepar {

// The main job for one CT: preprocess by the model's plan, run the network, project its regions onto the
// CT's own grid. `folds` are engines for the model's checkpoints, all of which vote.
// Memory over the CT itself: while preprocessing a reoriented copy and the resampler's intermediates, about
// 1.4 times the CT; afterwards the labels (a quarter of the CT), the engines' own, and 12 bytes for each
// voxel of the network's grid with two regions. Measured for 512 x 512 x 600 and the 3 mm plan: 0.9 GB at the
// peak.
LabelMap segment_volume(const CtVolume& ct, const ModelFolder& model,
                        std::span<const std::unique_ptr<Engine>> folds, const InferenceOptions& options = {},
                        Progress* progress = nullptr);

}  // namespace hepar
