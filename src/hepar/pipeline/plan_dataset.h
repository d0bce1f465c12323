// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/core/progress.h"
#include "hepar/plan/experiment_planner.h"

namespace hepar {

struct PlannedDataset {
  ExperimentPlan plan;
  std::filesystem::path plans_file;
  std::vector<std::string> notes;  // what the user should know, one sentence each
};

// Where a dataset's fingerprint, plans and preprocessed cases go by default: preprocessed/NAME beside it.
std::filesystem::path preprocessed_folder(const std::filesystem::path& dataset);

// Reads all cases of an nnU-Net dataset, one at a time, and writes output/dataset_fingerprint.json,
// output/PLANS_NAME.json, output/dataset.json and, unless it is there already, output/splits_final.json (the
// dataset's own if it has one). Configurations that a user added to such plans stay. Errors name the case and
// the fault.
PlannedDataset plan_dataset(const std::filesystem::path& dataset, const std::filesystem::path& output,
                            const PlannerOptions& options, Progress* progress);

// The demonstration model's plan (plan/default_plan.h) for a dataset of one CT channel: writes
// output/nnUNetPlans.json with 3d_fullres alone, dataset.json and, unless it is there already,
// splits_final.json. Returns the plans file. Error(kUnsupported) for a dataset of several channels.
std::filesystem::path plan_small_dataset(const std::filesystem::path& dataset,
                                         const std::filesystem::path& output);

// From a fingerprint alone: writes `plans_file`. The dataset is called after the folder of dataset.json.
PlannedDataset plan_fingerprint(const std::filesystem::path& fingerprint,
                                const std::filesystem::path& dataset_json,
                                const std::filesystem::path& plans_file, const PlannerOptions& options);

// The plan as a table, a line per configuration; and as a JSON document.
std::string plan_text(const PlannedDataset& planned);
std::string plan_json(const PlannedDataset& planned);

}  // namespace hepar
