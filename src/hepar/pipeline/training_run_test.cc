// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/training_run.h"

#include <gmock/gmock.h>

#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/nn/model_folder.h"
#include "hepar/pipeline/test_folder.h"
#include "hepar/pipeline/test_training_set.h"
#include "hepar/plan/default_plan.h"
#include "hepar/plan/preprocess.h"
#include "hepar/tensors/weights.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

// Two equal cases, too short for the search for leakage, on axes to the left, the back and the feet.
class TrainingRunTest : public ScratchFolder {
 protected:
  void SetUp() override {
    ScratchFolder::SetUp();
    make_folder(dataset_);
    test_training_set::write_dataset_json(dataset_);
    for (const char* name : {"a", "b"}) test_training_set::write_case(dataset_, name, scan_.ct, scan_.labels);
    request_.dataset = dataset_;
    request_.run = root_ / "run";
    request_.planner = "small";
  }
  std::string refusal() const {
    try {
      prepare_training(request_, nullptr);
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was refused";
  }
  const fs::path dataset_ = root_ / "Dataset001_Test";
  const Geometry kGrid{.size = {20, 22, 7},
                       .spacing_mm = {3, 3, 3},
                       .origin_mm = {4, 5, 6},
                       .direction = {{{{1, 0, 0}, {0, 1, 0}, {0, 0, -1}}}}};
  const test_training_set::Scan scan_ = test_training_set::uneven_scan(kGrid);
  TrainingRequest request_;
};

TEST_F(TrainingRunTest, IsPreparedAndRecorded) {
  const ReadyTraining ready = prepare_training(request_, nullptr);
  EXPECT_EQ(ready.split, cross_validation_splits({"a", "b"})[0]);
  EXPECT_EQ(ready.run.preprocessed, fs::absolute(root_ / "run/preprocessed/3d_fullres"));
  for (const char* file : {"splits_final.json", "leakage.json", "preprocessed/nnUNetPlans.json",
                           "preprocessed/3d_fullres/plans.json", "preprocessed/3d_fullres/dataset.json",
                           "preprocessed/3d_fullres/cases/a.safetensors"})
    EXPECT_TRUE(fs::exists(request_.run / file)) << file;
  const auto record = nlohmann::json::parse(read_text_file(request_.run / "hepar_train.json"));
  EXPECT_EQ(record["format"], "hepar.train/1");
  EXPECT_EQ(record["dataset"], dataset_.string());
  EXPECT_EQ(record["preprocessed"], ready.run.preprocessed.string());
  EXPECT_EQ(record["configuration"], "3d_fullres");
}

// The small plan is in RAS whatever the file's axes: its cases are those of preprocess() on the image as it
// lies in the file.
TEST_F(TrainingRunTest, SmallPlansPrepareInRas) {
  const ReadyTraining ready = prepare_training(request_, nullptr);
  const CtVolume ct = read_ct(dataset_ / "imagesTr/a_0000.nii.gz").voxels;
  const PreprocessedCase expected = preprocess(ct, default_plan());
  EXPECT_EQ(expected.order.flipped[2], true);
  const auto labels = preprocess_labels(scan_.labels, {&ct, 1}, expected, default_plan());
  const SafetensorsFile file(ready.run.preprocessed / "cases/a.safetensors");
  const auto& image = file.entries().at("image").bytes;
  ASSERT_EQ(image.size(), expected.image.values.size() * sizeof(float));
  EXPECT_EQ(std::memcmp(image.data(), expected.image.values.data(), image.size()), 0);
  const auto& written = file.entries().at("labels").bytes;
  ASSERT_EQ(written.size(), labels.size() * sizeof(std::int16_t));
  EXPECT_EQ(std::memcmp(written.data(), labels.data(), written.size()), 0);
  EXPECT_THAT(labels, Contains(2));
  const ModelPlan plan = read_plan(ready.run.preprocessed / "plans.json");
  EXPECT_EQ(plan.orientation, "RAS");
  EXPECT_EQ(plan.patch_size, default_plan().patch_size);
}

TEST_F(TrainingRunTest, ADatasetOfSeveralChannelsHasNoSmallPlan) {
  std::string text = read_text_file(dataset_ / "dataset.json");
  text.replace(text.find(R"("0": "CT")"), 9, R"("0": "CT", "1": "MR")");
  write_text_file(dataset_ / "dataset.json", text);
  for (const char* name : {"a", "b"})
    fs::copy(dataset_ / "imagesTr" / (std::string(name) + "_0000.nii.gz"),
             dataset_ / "imagesTr" / (std::string(name) + "_0001.nii.gz"));
  EXPECT_THAT(refusal(), HasSubstr("the small network sees one CT channel"));
}

TEST_F(TrainingRunTest, PlansThatAreThereAreFollowed) {
  ModelPlan plan = default_plan();
  plan.spacing_mm = {6, 6, 6};
  make_folder(root_ / "shared");
  write_plan(root_ / "shared/nnUNetPlans.json", plan, "mine");
  request_.preprocessed = root_ / "shared";
  const ReadyTraining ready = prepare_training(request_, nullptr);
  EXPECT_EQ(read_plan(ready.run.preprocessed / "plans.json").spacing_mm[0], 6);
  EXPECT_FALSE(fs::exists(request_.run / "preprocessed"));
}

TEST_F(TrainingRunTest, BadCasesAreNamed) {
  CtVolume spoiled = scan_.ct;
  spoiled[{3, 3, 3}] = std::numeric_limits<float>::quiet_NaN();
  test_training_set::write_case(dataset_, "b", spoiled, scan_.labels);
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("b_0000.nii.gz has 1 voxels that are not numbers"), HasSubstr("-1024 HU")));
  spoiled[{3, 3, 3}] = std::numeric_limits<float>::infinity();
  test_training_set::write_case(dataset_, "b", spoiled, scan_.labels);
  EXPECT_THAT(refusal(), HasSubstr("b_0000.nii.gz has 1 voxels that are not numbers"));
  test_training_set::write_case(dataset_, "b", scan_.ct, LabelMap(kGrid, 7));
  EXPECT_THAT(refusal(), HasSubstr("labels of b have the value 7, which dataset.json does not name"));
  Geometry moved = kGrid;
  moved.origin_mm.x += 1;
  test_training_set::write_case(dataset_, "b", scan_.ct, LabelMap(moved));
  EXPECT_THAT(refusal(), HasSubstr("image and labels of b lie on different grids"));
  EXPECT_FALSE(fs::exists(request_.run / "hepar_train.json"));
  test_training_set::write_case(dataset_, "b", scan_.ct, scan_.labels);
  EXPECT_EQ(refusal(), "nothing was refused");  // what was prepared before the fault stays
}

TEST_F(TrainingRunTest, GoesOnAsItWasBegun) {
  make_folder(root_ / "test");
  write_ct(root_ / "test/other.nii.gz", scan_.ct);
  request_.test_data = root_ / "test";
  const ReadyTraining begun = prepare_training(request_, nullptr);
  make_folder(request_.run / "fold_0");
  const ReadyTraining again = reopen_training(request_.run, 0, nullptr);
  EXPECT_EQ(again.split, begun.split);
  EXPECT_EQ(again.run.dataset, begun.run.dataset);
  EXPECT_EQ(again.run.preprocessed, begun.run.preprocessed);
  EXPECT_EQ(again.run.test_data, fs::absolute(root_ / "test"));
  EXPECT_THROW(reopen_training(request_.run, 1, nullptr), Error);
  EXPECT_THROW(reopen_training(root_ / "nothing", 0, nullptr), Error);
}

TEST_F(TrainingRunTest, AFolderHoldsOneDataset) {
  prepare_training(request_, nullptr);
  fs::copy(dataset_, root_ / "other", fs::copy_options::recursive);
  request_.dataset = root_ / "other";
  EXPECT_THAT(refusal(), HasSubstr("name another output folder"));
  request_.dataset = dataset_;
  EXPECT_EQ(refusal(), "nothing was refused");
  write_text_file(dataset_ / "dataset.json", read_text_file(dataset_ / "dataset.json") + "\n");
  EXPECT_THAT(refusal(), HasSubstr("was prepared with another dataset.json"));
}

}  // namespace
}  // namespace hepar
