// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "hepar/infer/predict_logits.h"
#include "hepar/nn/model_folder.h"

namespace hepar {

// The main job for one CT: preprocess by the model's plan, run the network, project its regions onto the
// CT's own grid. `folds` are engines for the model's checkpoints, all of which vote.
// Memory over the CT itself: while preprocessing one reoriented copy (4 bytes a voxel), afterwards the
// labels (1 byte a voxel) and the engines'; the image and logits on the network's grid come on top, 12 bytes
// for each of its voxels with two regions.
LabelMap segment_volume(const CtVolume& ct, const ModelFolder& model,
                        std::span<const std::unique_ptr<Engine>> folds, const InferenceOptions& options = {},
                        Progress* progress = nullptr);

}  // namespace hepar
