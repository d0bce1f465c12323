// SPDX-License-Identifier: Apache-2.0
// Runs the program on nnU-Net's own models, whole and broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "hepar/core/file.h"
#include "hepar/io/image_io.h"
#include "hepar/tensors/zip_writer.h"
#include "program_run.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using testing::HasSubstr;

const fs::path kCase = HEPAR_GOLDEN "/nnunet/case2_regions_crop_pad_ensemble";
const fs::path kModel = kCase / "model/Dataset802_LiverRegions/nnUNetTrainer__nnUNetPlans__3d_fullres";

class ModelCli : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("hepar_model_cli_test_" + std::to_string(::getpid()));
    make_folder(root_);
    model_ = root_ / "model";
    fs::copy(kModel, model_, fs::copy_options::recursive);
    fs::remove_all(model_ / "fold_1");  // one fold is enough, and faster
  }
  void TearDown() override { fs::remove_all(root_); }

  Outcome run(const std::string& arguments) const { return run_program(HEPAR_BINARY " " + arguments, root_); }
  Outcome predict(const std::string& more = "") const {
    return run("predict " + (kCase / "input").string() + " " + (root_ / "out").string() + " -m " +
               model_.string() + " --no-mirror --step 1 " + more);
  }
  Outcome segment(const std::string& more = "") const {
    return run("segment " + (kCase / "input/test_000_0000.nii.gz").string() + " -o " +
               (root_ / "out").string() + " -m " + model_.string() + " " + more);
  }
  void edit(const char* file, const std::function<void(Json&)>& change) const {
    Json json = Json::parse(read_text_file(model_ / file));
    change(json);
    write_text_file(model_ / file, json.dump());
  }
  // One clear line on stderr, the exit code, and nothing written.
  void expect_refusal(int status, const std::string& said) const {
    const Outcome outcome = predict("--quiet");
    EXPECT_EQ(outcome.status, status) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(said));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_FALSE(fs::exists(root_ / "out/test_000.nii.gz"));
  }
  fs::path checkpoint() const { return model_ / "fold_0/checkpoint_final.pth"; }
  fs::path root_, model_;
};

TEST_F(ModelCli, PredictGivesALabelMapOnTheInputsGrid) {
  const Outcome outcome = predict("--json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(Json::parse(outcome.out)["cases"][0]["case"], "test_000");
  const LabelMap labels = read_labels(root_ / "out/test_000.nii.gz").voxels;
  const CtVolume ct = read_ct(kCase / "input/test_000_0000.nii.gz").voxels;
  EXPECT_EQ(grid_difference(labels.geometry(), ct.geometry()), std::nullopt);
}

TEST_F(ModelCli, PredictIsTheSameForAnyNumberOfThreadsAndBothForms) {
  ASSERT_EQ(predict("--threads 1").status, 0);
  const std::string first = read_text_file(root_ / "out/test_000.nii.gz");
  ASSERT_EQ(predict("--threads 3").status, 0);
  EXPECT_EQ(read_text_file(root_ / "out/test_000.nii.gz"), first);
  ASSERT_EQ(run("model convert " + model_.string() + " -o " + (root_ / "ours").string()).status, 0);
  fs::remove_all(model_);
  fs::rename(root_ / "ours", model_);
  ASSERT_EQ(predict().status, 0);
  EXPECT_EQ(read_text_file(root_ / "out/test_000.nii.gz"), first);
}

TEST_F(ModelCli, InfoIsOneDocument) {
  const Outcome outcome = run("model info --folds 0 " + model_.string() + " --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const Json info = Json::parse(outcome.out);
  EXPECT_EQ(info["format"], "hepar.model/1");
  EXPECT_EQ(info["network"]["class"], "PlainConvUNet");
  EXPECT_EQ(info["folds"].size(), 1u);
}

TEST_F(ModelCli, PlanWritesWhatNnunetPlans) {
  const fs::path golden = HEPAR_GOLDEN "/nnunet/planning/prostate_aniso";
  const Outcome outcome =
      run("plan --fingerprint " + (golden / "dataset_fingerprint.json").string() + " --dataset-json " +
          (golden / "dataset.json").string() + " --preset resenc-l -o " + (root_ / "plans.json").string());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  Json wanted = Json::parse(read_text_file(golden / "nnUNetPlannerResEncL_24GB.json"));
  Json plans = Json::parse(read_text_file(root_ / "plans.json"));
  EXPECT_EQ(plans["configurations"], wanted["configurations"]);
}

TEST_F(ModelCli, SegmentRunsTheFilterWhereTheModelKnowsTumours) {
  const Outcome outcome = segment();
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(fs::exists(root_ / "out/lesions.json"));
  EXPECT_FALSE(fs::exists(root_ / "out/labels_model.nii.gz"));  // its labels are Hepar's: nothing to keep
}

TEST_F(ModelCli, SegmentKeepsTheModelsOtherLabels) {
  edit("dataset.json", [](Json& dataset) {
    dataset["labels"] = {{"background", 0}, {"spleen", {1, 2}}, {"liver_tumor", {2}}};
  });
  ASSERT_EQ(segment().status, 0);
  const LabelMap model_labels = read_labels(root_ / "out/labels_model.nii.gz").voxels;
  const LabelMap labels = read_labels(root_ / "out/labels.nii.gz").voxels;
  const auto holds = [](const LabelMap& map, int label) {
    return std::count(map.voxels().begin(), map.voxels().end(), label) > 0;
  };
  EXPECT_TRUE(holds(model_labels, 1));
  EXPECT_FALSE(holds(labels, 1));  // the spleen is no liver
}

TEST_F(ModelCli, SegmentSaysWhenThereIsNoTumourToJudge) {
  edit("dataset.json", [](Json& dataset) {
    dataset["labels"] = {{"background", 0}, {"spleen", {1, 2}}, {"spots", {2}}};
  });
  const Outcome outcome = segment();
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("the lesion filter did not run"));
  EXPECT_TRUE(fs::exists(root_ / "out/labels_model.nii.gz"));
  EXPECT_FALSE(fs::exists(root_ / "out/labels.nii.gz"));
  fs::remove_all(root_ / "out");
  ASSERT_EQ(segment("--tumour-label spots").status, 0);
  EXPECT_TRUE(fs::exists(root_ / "out/lesions.json"));
  EXPECT_EQ(segment("--tumour-label spot").status, 2);
}

TEST_F(ModelCli, AFolderWithoutPlansIsRefused) {
  fs::remove(model_ / "plans.json");
  expect_refusal(3, "has no plans.json");
}

TEST_F(ModelCli, ATruncatedCheckpointIsRefused) {
  fs::resize_file(checkpoint(), fs::file_size(checkpoint()) * 2 / 3);
  expect_refusal(5, "checkpoint_final.pth");
}

TEST_F(ModelCli, ACheckpointThatNamesAProgramIsRefusedAndNotRun) {
  const fs::path trace = root_ / "executed";
  const std::string command = "touch " + trace.string();
  std::string pickle("\x80\x02", 2);  // protocol 2: os.system(command)
  pickle += "cos\nsystem\nX";
  pickle += static_cast<char>(command.size());
  pickle += std::string(3, '\0') + command + "\x85R.";
  ZipWriter zip(checkpoint());
  const auto bytes = [](const std::string& text) { return std::as_bytes(std::span(text)); };
  zip.add_stored("checkpoint_final/data.pkl", bytes(pickle));
  const std::string version = "3\n";
  zip.add_stored("checkpoint_final/version", bytes(version));
  zip.commit();
  expect_refusal(4, "os.system");
  EXPECT_FALSE(fs::exists(trace));
}

TEST_F(ModelCli, WeightsThatDoNotFitThePlanAreRefused) {
  edit("plans.json", [](Json& plans) {
    plans["configurations"]["3d_fullres"]["architecture"]["arch_kwargs"]["features_per_stage"][1] = 24;
  });
  expect_refusal(2, "the plan wants [24, ");
}

TEST_F(ModelCli, ARegionOrderThatIsTooShortIsRefused) {
  edit("dataset.json", [](Json& dataset) { dataset["regions_class_order"] = {1}; });
  expect_refusal(2, "'regions_class_order' has 1 entries for 2 regions");
}

TEST_F(ModelCli, AFailedCaseIsToldAndTheOthersAreDone) {
  const fs::path input = root_ / "input";
  make_folder(input);
  fs::copy_file(kCase / "input/test_000_0000.nii.gz", input / "good_0000.nii.gz");
  write_text_file(input / "bad_0000.nii.gz", "no image");
  const Outcome outcome = run("predict " + input.string() + " " + (root_ / "out").string() + " -m " +
                              model_.string() + " --no-mirror --step 1");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.out, HasSubstr("bad: not predicted: "));
  EXPECT_THAT(outcome.err, HasSubstr("1 of 2 cases could not be predicted"));
  EXPECT_TRUE(fs::exists(root_ / "out/good.nii.gz"));
}

}  // namespace
}  // namespace hepar
