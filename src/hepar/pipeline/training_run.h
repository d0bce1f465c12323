// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/pipeline/training_splits.h"

namespace hepar {

struct TrainingRequest {
  std::filesystem::path dataset;       // nnU-Net's, see TrainingSet
  std::filesystem::path run;           // model folder to write
  std::filesystem::path preprocessed;  // may be shared by runs; empty: run/preprocessed
  std::string configuration = "3d_fullres";
  std::string planner = "nnunet";  // of a dataset without plans: TrainingRecipe::planner
  std::uint32_t fold = 0;
  SplitChoice split;
  std::filesystem::path test_data;  // scans that must not be among the training cases; empty: none
};

// Where a run's data lie: RUN/hepar_train.json, "hepar.train/1". Absolute paths.
struct TrainingRun {
  std::filesystem::path dataset;
  std::filesystem::path preprocessed;  // folder of the configuration: cases, plans.json, dataset.json
  std::string configuration;
  std::filesystem::path test_data;  // empty: none
};

// A run whose trainer may start.
struct ReadyTraining {
  TrainingRun run;
  Split split;                     // of the fold
  std::vector<std::string> notes;  // one sentence each
};

// Everything before the first iteration, the quick checks first: chooses the splits, refuses leakage, plans
// the dataset where there are no plans, prepares its cases, and writes run/splits_final.json, leakage.json
// and hepar_train.json. What is there already is kept, so that an interrupted preparation goes on. Errors
// name what is wrong with which case; a run folder of another dataset or of other splits is
// Error(kInvalidInput).
ReadyTraining prepare_training(const TrainingRequest& request, Progress* progress);

// The same run again, as its folder says; leakage is compared only where the record misses it.
// Error(kMissing) when the folder is no run or its fold was never begun.
ReadyTraining reopen_training(const std::filesystem::path& run, std::uint32_t fold, Progress* progress);

}  // namespace hepar
