// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/experiment_planner.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>

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

Fingerprint cubes(std::int64_t edge) {
  return {.spacings_mm = {{1, 1, 1}}, .shapes_after_crop = {{edge, edge, edge}}, .intensities = {{}}};
}
const DatasetFacts kFacts{.name = "Dataset001_Cubes",
                          .channel_names = {"CT"},
                          .label_entries = 3,
                          .training_cases = 10,
                          .image_reader = "SimpleITKIO"};

TEST(PlanExperiment, PlansSlicesOnlyForSlices) {
  Fingerprint fingerprint = cubes(256);
  fingerprint.shapes_after_crop[0][0] = 1;
  fingerprint.spacings_mm[0][0] = 999;  // as nnU-Net reads plane images
  const ExperimentPlan plan = plan_experiment(fingerprint, kFacts);
  ASSERT_EQ(plan.configurations.size(), 1U);
  EXPECT_EQ(plan.configurations[0].name, "2d");
  EXPECT_EQ(plan.configurations[0].topology.patch_size, (AxisSizes{256, 256}));
}

TEST(PlanExperiment, TakesTheMemoryAndTheNameItIsGiven) {
  const ExperimentPlan small = plan_experiment(cubes(256), kFacts, {.gpu_memory_gb = 4});
  const ExperimentPlan large =
      plan_experiment(cubes(256), kFacts, {.gpu_memory_gb = 16, .plans_name = "myPlans"});
  const auto patch = [](const ExperimentPlan& plan) {
    return plan.configurations.back().topology.patch_size;
  };
  EXPECT_LT(patch(small)[0] * patch(small)[1], patch(large)[0] * patch(large)[1]);
  EXPECT_LE(small.configurations.back().gpu_memory_gb, 4);
  EXPECT_LE(large.configurations.back().gpu_memory_gb, 16);
  EXPECT_THAT(large.plans_json, HasSubstr(R"("data_identifier": "myPlans_3d_fullres")"));
}

std::string fault(const Fingerprint& fingerprint, const PlannerOptions& options) {
  try {
    plan_experiment(fingerprint, kFacts, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST(PlanExperiment, SaysWhatCanNotBePlanned) {
  EXPECT_THAT(fault(cubes(64), {.gpu_memory_gb = 0}), HasSubstr("0 GB of GPU memory is not a positive"));
  EXPECT_THAT(fault(cubes(64), {.gpu_memory_gb = 1e-7}), HasSubstr("no 2d network fits 1e-07 GB"));
  Fingerprint two_channels = cubes(64);
  two_channels.intensities.emplace_back();
  EXPECT_THAT(fault(two_channels, {}), HasSubstr("the fingerprint has 2 channels, dataset.json names 1"));
}

class DatasetJson : public testing::Test {
 protected:
  ~DatasetJson() override { fs::remove(file_); }
  DatasetFacts facts(const std::string& text) const {
    write_text_file(file_, text);
    return read_dataset_facts(file_, "Dataset001_Cubes");
  }
  std::string fault(const std::string& text) const {
    try {
      facts(text);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }
  const fs::path file_ =
      fs::temp_directory_path() / ("hepar_dataset_" + std::to_string(::getpid()) + ".json");
};

TEST_F(DatasetJson, GivesWhatPlanningNeeds) {
  const DatasetFacts facts = this->facts(
      R"({"modality": {"0": "CT", "1": "PET"}, "labels": {"background": 0, "a": [1, 2], "b": 2, "ignore": 3},
          "numTraining": 7, "file_ending": ".nii"})");
  EXPECT_THAT(facts.channel_names, testing::ElementsAre("CT", "PET"));
  EXPECT_EQ(facts.label_entries, 4);
  EXPECT_EQ(facts.training_cases, 7);
  EXPECT_EQ(facts.image_reader, "NibabelIO");
}

TEST_F(DatasetJson, MayAskForAReader) {
  const std::string rest =
      R"("channel_names": {"0": "CT"}, "labels": {"background": 0}, "numTraining": 1, "file_ending": ".nii.gz"})";
  EXPECT_EQ(facts(R"({"overwrite_image_reader_writer": "NibabelIOWithReorient", )" + rest).image_reader,
            "NibabelIOWithReorient");
  // As there, one that does not exist is passed over.
  EXPECT_EQ(facts(R"({"overwrite_image_reader_writer": "MyIO", )" + rest).image_reader, "SimpleITKIO");
}

TEST_F(DatasetJson, NamesTheKeyOfAFault) {
  EXPECT_THAT(fault("{}"), HasSubstr("'file_ending' is missing"));
  EXPECT_THAT(fault(R"({"file_ending": ".jpg"})"), HasSubstr("'file_ending' is .jpg, which nnU-Net has no"));
  EXPECT_THAT(fault(R"({"file_ending": ".nrrd"})"), HasSubstr("'channel_names' is missing"));
  EXPECT_THAT(fault(R"({"file_ending": ".nrrd", "channel_names": {}})"), HasSubstr("names no channel"));
  EXPECT_THAT(
      fault(R"({"file_ending": ".nrrd", "channel_names": {"0": "CT"}, "labels": {}, "numTraining": 0})"),
      HasSubstr("'numTraining' is 0, not positive"));
  EXPECT_THAT(fault("{"), HasSubstr("is not JSON"));
}

}  // namespace
}  // namespace hepar
