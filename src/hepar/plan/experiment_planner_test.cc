// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/experiment_planner.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kPlanning = HEPAR_GOLDEN "/nnunet/planning";

PlannerOptions options_of(const std::string& file) {
  if (file == "nnUNetPlannerResEncM_8GB") return {.preset = PlannerPreset::kResEncM, .gpu_memory_gb = 8};
  if (file == "nnUNetPlannerResEncL_24GB") return {.preset = PlannerPreset::kResEncL};
  if (file == "ExperimentPlanner_16GB") return {.preset = PlannerPreset::kDefault, .gpu_memory_gb = 16};
  EXPECT_EQ(file, "ExperimentPlanner_8GB");
  return {};
}

// The text itself: keys, their order and every number as nnU-Net wrote them.
TEST(PlanExperiment, WritesTheSameFileAsNnunet) {
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kPlanning)) {
    const std::string file = entry.path().stem().string();
    if (entry.path().extension() != ".json" || !file.ends_with("GB")) continue;
    SCOPED_TRACE(entry.path().string());
    const std::string theirs = read_text_file(entry.path());
    const fs::path folder = entry.path().parent_path();
    const auto name = nlohmann::json::parse(theirs).at("dataset_name").get<std::string>();
    const ExperimentPlan ours =
        plan_experiment(read_fingerprint(folder / "dataset_fingerprint.json"),
                        read_dataset_facts(folder / "dataset.json", name), options_of(file));
    EXPECT_EQ(ours.plans_json, theirs);
    ++files;
  }
  EXPECT_EQ(files, 14);
}

}  // namespace
}  // namespace hepar
