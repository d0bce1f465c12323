// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "hepar/recipe/training_recipe.h"
#include "hepar/train/training_case.h"

namespace hepar {

// What a training was told, kept in RUN/fold_K/training.json so that it can be resumed by the folder alone.
struct TrainingRecord {
  std::filesystem::path preprocessed;  // absolute
  std::string configuration;
  CaseSplit split;
  std::filesystem::path initial_model;  // absolute; empty: random weights
  TrainingRecipe recipe;
};

// The record of a fold, and the folder's own files of it. Errors name the file and the key.
TrainingRecord read_training_record(const std::filesystem::path& fold_folder);
void write_training_record(const std::filesystem::path& fold_folder, const TrainingRecord& record);

}  // namespace hepar
