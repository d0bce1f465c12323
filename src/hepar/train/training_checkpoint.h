// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "hepar/nn/model_folder.h"
#include "hepar/tensors/weights.h"

namespace hepar {

// Where a training stands; with the weights and the optimiser's state all that it needs to go on.
struct TrainingPosition {
  std::int64_t epoch = 0;      // finished ones
  std::int64_t iteration = 0;  // finished ones of the epoch after them
  std::int64_t iterations_per_epoch = 0;
  double loss_sum = 0;  // over those iterations
  std::optional<double> pseudo_dice_average, best_average;
};

// What a model folder's reader wants to know of a checkpoint (nn/model_folder.h): the configuration, and the
// axes that may be mirrored (all or none).
using CheckpointFacts = std::map<std::string, std::string>;
CheckpointFacts checkpoint_facts(const ModelPlan& plan, bool mirrored);

// Weights alone, as a model is used.
void write_model_weights(const std::filesystem::path& file, const Weights& weights,
                         const CheckpointFacts& facts);

// Weights and optimiser state, the latter under "optimiser.NAME".
void write_training_checkpoint(const std::filesystem::path& file, const Weights& weights,
                               const Weights& optimiser_state, const TrainingPosition& position,
                               CheckpointFacts facts);

struct TrainingCheckpoint {
  Weights weights, optimiser_state;
  TrainingPosition position;
};
// Error(kMissing) when there is none, Error(kCorrupt) when it is none of a training.
TrainingCheckpoint read_training_checkpoint(const std::filesystem::path& file);

}  // namespace hepar
