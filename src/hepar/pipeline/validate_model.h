// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/infer/model.h"
#include "hepar/nn/validation_summary.h"
#include "hepar/pipeline/training_set.h"

namespace hepar {

// Predicts these cases of the set and writes output/NAME.nii.gz. Error(kInvalidInput) when set and model have
// other labels; errors of a case stop it and name the case.
Validation validate_model(const Model& model, const TrainingSet& set, std::vector<std::string> names,
                          const std::filesystem::path& output, const PredictOptions& options,
                          Progress* progress);

}  // namespace hepar
