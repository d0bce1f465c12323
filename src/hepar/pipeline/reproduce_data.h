// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/pipeline/reproduce.h"

namespace hepar {

// Cases of an nnU-Net dataset that the network will meet.
struct CohortData {
  std::string key, title;  // as in ReproducedCohort
  std::filesystem::path dataset;
  std::string file_ending = ".nii.gz";
  std::vector<std::string> cases;

  std::filesystem::path image(const std::string& name) const;  // channel 0
  std::filesystem::path labels(const std::string& name) const;
};

struct ExperimentData {
  std::filesystem::path training;  // dataset to train on, its last cases held back; empty without training
  std::vector<CohortData> cohorts;
};

// Makes the phantoms in request.output/data, or finds the cases of the given datasets. Error(kMissing) or
// Error(kInvalidInput) naming the dataset and what is wrong with it.
ExperimentData experiment_data(const ReproduceRequest& request, Progress* progress);

}  // namespace hepar
