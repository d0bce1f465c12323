// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "console.h"
#include "hepar/pipeline/training_run.h"
#include "hepar/pipeline/validate_model.h"
#include "hepar/recipe/training_recipe.h"

namespace hepar {

// How the trainer runs, whatever it trains.
struct TrainingOptions {
  std::string initial_model;  // folder whose weights to start from; empty: none
  std::string device = "cpu";
  std::string kernels;  // "hepar" or "libtorch" (check_kernels); empty: the trainer's own choice
  std::optional<int> workers;
  int processes = 1;
  bool no_validation = false;
};

// From a dataset to a validated model: prepares, runs hepar-train and validates on the images' own grids,
// which also writes fold_K/validation. Returns the validation, without cases when there was none. Errors of
// each part pass through.
Validation start_training(TrainingRequest request, const TrainingRecipe& recipe,
                          const TrainingOptions& options, Console& console);

// The same from the run's last checkpoint on; `changes` are recipe options that differ from the run's.
Validation resume_training(const std::filesystem::path& run, std::uint32_t fold,
                           const TrainingOptions& options, const std::vector<std::string>& changes,
                           Console& console);

}  // namespace hepar
