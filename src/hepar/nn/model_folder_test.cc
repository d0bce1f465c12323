// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/model_folder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using testing::ElementsAre;
using testing::HasSubstr;

ModelPlan small_plan() {
  ModelPlan plan;
  plan.network.features_per_stage = {2, 4};
  plan.network.kernel_sizes = {{1, 3, 3}, {3, 3, 3}};
  plan.network.strides = {{1, 1, 1}, {1, 2, 2}};
  plan.network.conv_per_stage = {1, 1};
  plan.network.conv_per_stage_decoder = {1};
  plan.patch_size = {8, 16, 32};
  plan.spacing_mm = {3.0, 2.5, 0.7};
  plan.normalization_schemes = {"CTNormalization"};
  plan.intensities = {{-17.5, 201, 99.4, 39.25}};
  plan.orientation = "RAS";
  return plan;
}

// Tumour stands first and the class order reverses it: order counts, not the alphabet or the values.
constexpr const char* kDataset = R"({"channel_names": {"0": "CT"},
  "labels": {"background": 0, "tumour": 2, "liver": [1, 2, 3]},
  "regions_class_order": [2, 1], "numTraining": 3, "file_ending": ".nii.gz"})";

class ModelFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("hepar_model_test_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    make_folder(folder_ / "fold_0");
    write_plan(folder_ / "plans.json", small_plan(), "Dataset001_Phantom");
    write_text_file(folder_ / "dataset.json", kDataset);
    for (const auto& [name, shape] : parameters_of(small_plan().network)) {
      std::size_t count = 1;
      for (const auto size : shape) count *= static_cast<std::size_t>(size);
      weights_[name] = {shape, std::vector<float>(count, 0.5f)};
    }
    write_fold(0);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write_fold(int fold) const {
    make_folder(folder_ / ("fold_" + std::to_string(fold)));
    write_weights(folder_ / ("fold_" + std::to_string(fold)) / "checkpoint_final.safetensors", weights_);
  }
  void edit(const char* file, const std::function<void(Json&)>& change) const {
    Json json = Json::parse(read_text_file(folder_ / file));
    change(json);
    write_text_file(folder_ / file, json.dump());
  }
  void edit_architecture(const std::function<void(Json&)>& change) const {
    edit("plans.json", [&](Json& plans) { change(plans["configurations"]["3d_fullres"]["architecture"]); });
  }
  void expect_error(ErrorCode code, const std::string& said) const {
    try {
      read_fold(read_model_folder(folder_), 0);
      ADD_FAILURE() << "no error; wanted: " << said;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(said));
    }
  }
  fs::path folder_;
  Weights weights_;
};

TEST_F(ModelFolderTest, ReadsWhatWasWritten) {
  write_fold(10);
  write_fold(2);
  const ModelFolder model = read_model_folder(folder_);
  const ModelPlan wanted = small_plan();
  EXPECT_EQ(model.plan.network.features_per_stage, wanted.network.features_per_stage);
  EXPECT_EQ(model.plan.network.kernel_sizes, wanted.network.kernel_sizes);
  EXPECT_EQ(model.plan.network.strides, wanted.network.strides);
  EXPECT_EQ(model.plan.network.conv_per_stage, wanted.network.conv_per_stage);
  EXPECT_EQ(model.plan.network.conv_per_stage_decoder, wanted.network.conv_per_stage_decoder);
  EXPECT_EQ(model.plan.network.input_channels, 1);
  EXPECT_EQ(model.plan.network.heads, 2);
  EXPECT_EQ(model.plan.patch_size, wanted.patch_size);
  EXPECT_EQ(model.plan.spacing_mm, wanted.spacing_mm);
  EXPECT_EQ(model.plan.batch_size, 2);
  EXPECT_EQ(model.plan.normalization_schemes, wanted.normalization_schemes);
  EXPECT_EQ(model.plan.orientation, "RAS");
  ASSERT_EQ(model.plan.intensities.size(), 1u);
  EXPECT_EQ(model.plan.intensities[0].mean, 99.4);
  EXPECT_EQ(model.plan.intensities[0].percentile_00_5, -17.5);
  EXPECT_EQ(model.checkpoints.size(), 3u);
  EXPECT_EQ(read_fold(model, 0).size(), weights_.size());
}

TEST_F(ModelFolderTest, RegionsKeepTheirOrder) {
  const DatasetLabels labels = read_dataset_labels(folder_ / "dataset.json");
  ASSERT_EQ(labels.regions.size(), 2u);
  EXPECT_EQ(labels.regions[0].first, "tumour");
  EXPECT_THAT(labels.regions[0].second, ElementsAre(2));
  EXPECT_EQ(labels.regions[1].first, "liver");
  EXPECT_THAT(labels.regions[1].second, ElementsAre(1, 2, 3));
  EXPECT_THAT(labels.regions_class_order, ElementsAre(2, 1));
  EXPECT_THAT(labels.written_labels(), ElementsAre(1, 2));
  EXPECT_THAT(labels.foreground_labels, ElementsAre(1, 2, 3));
}

TEST_F(ModelFolderTest, ReadsTheOtherFormsNnunetWrites) {
  edit("plans.json", [](Json& plans) {
    plans["image_reader_writer"] = "SimpleITKIO";
    auto& configuration = plans["configurations"]["3d_fullres"];
    configuration["patch_size"] = {8.0, 16.0, 32.0};
    auto& architecture = configuration["architecture"];
    architecture["network_class_name"] = "some.older.path.PlainConvUNet";
    architecture["arch_kwargs"]["n_conv_per_stage"] = 2;
    architecture["arch_kwargs"]["kernel_sizes"] = {3, 3};
    architecture["arch_kwargs"]["nonlin_kwargs"] = {{"inplace", true}};
    architecture["arch_kwargs"].erase("norm_op_kwargs");
  });
  const ModelPlan plan = read_plan(folder_ / "plans.json");
  EXPECT_EQ(plan.orientation, "");
  EXPECT_EQ(plan.patch_size, (Kernel3{8, 16, 32}));
  EXPECT_THAT(plan.network.conv_per_stage, ElementsAre(2, 2));
  EXPECT_EQ(plan.network.kernel_sizes[1], (Kernel3{3, 3, 3}));
  EXPECT_EQ(plan.network.leaky_slope, 0.01);
  EXPECT_EQ(plan.network.norm_eps, 1e-5);
}

TEST_F(ModelFolderTest, MissingFilesAreNamed) {
  fs::remove(folder_ / "fold_0/checkpoint_final.safetensors");
  expect_error(ErrorCode::kMissing,
               "no fold_K/checkpoint_final.safetensors or .pth; there are no weights at all");
  fs::remove(folder_ / "dataset.json");
  expect_error(ErrorCode::kMissing, "dataset.json");
  fs::remove(folder_ / "plans.json");
  expect_error(ErrorCode::kMissing, "plans.json");
  fs::remove_all(folder_);
  expect_error(ErrorCode::kMissing, "no model folder");
}

TEST_F(ModelFolderTest, TruncatedJsonIsCorrupt) {
  const std::string text = read_text_file(folder_ / "plans.json");
  write_text_file(folder_ / "plans.json", text.substr(0, text.size() / 2));
  expect_error(ErrorCode::kCorrupt, "plans.json is not JSON");
}

TEST_F(ModelFolderTest, PythonsNotANumberIsNoNumber) {
  const std::string text = read_text_file(folder_ / "plans.json");
  write_text_file(folder_ / "plans.json", R"({"a": [NaN, -Infinity], "b \" NaN": "NaN", )" + text.substr(1));
  EXPECT_EQ(read_plan(folder_ / "plans.json").batch_size, 2);
}

TEST_F(ModelFolderTest, MissingKeyIsNamedWithItsPath) {
  edit_architecture([](Json& architecture) { architecture["arch_kwargs"].erase("strides"); });
  expect_error(ErrorCode::kInvalidInput,
               "'configurations.3d_fullres.architecture.arch_kwargs.strides' is missing");
}

TEST_F(ModelFolderTest, IllTypedKeysAreNamed) {
  edit_architecture([](Json& architecture) { architecture["arch_kwargs"]["n_stages"] = "two"; });
  expect_error(ErrorCode::kInvalidInput, "arch_kwargs.n_stages' is not a number");
  edit_architecture([](Json& architecture) { architecture["arch_kwargs"]["n_stages"] = 2.5; });
  expect_error(ErrorCode::kInvalidInput, "not a whole number");
  edit_architecture([](Json& architecture) { architecture["arch_kwargs"]["n_stages"] = 3; });
  expect_error(ErrorCode::kInvalidInput, "features_per_stage");
}

TEST_F(ModelFolderTest, FoldsAreFoundByThemselves) {
  write_fold(10);
  write_fold(2);
  make_folder(folder_ / "fold_all");
  write_weights(folder_ / "fold_all/checkpoint_final.safetensors", weights_);
  write_weights(folder_ / "fold_2/checkpoint_best.safetensors", weights_);
  const auto folds = [&](const ModelSelection& selection) {
    std::vector<std::string> names;
    for (const auto& checkpoint : read_model_folder(folder_, selection).checkpoints) {
      names.push_back(checkpoint.fold);
    }
    return names;
  };
  EXPECT_THAT(folds({}), ElementsAre("0", "2", "10"));
  EXPECT_THAT(folds({.folds = {"10", "0"}, .checkpoint = {}}), ElementsAre("10", "0"));
  EXPECT_THAT(folds({.folds = {"all"}, .checkpoint = {}}), ElementsAre("all"));
  EXPECT_THAT(folds({.folds = {}, .checkpoint = "checkpoint_best.pth"}), ElementsAre("2"));
  for (const int fold : {0, 2, 10}) fs::remove_all(folder_ / fmt::format("fold_{}", fold));
  EXPECT_THAT(folds({}), ElementsAre("all"));
}

TEST_F(ModelFolderTest, MissingFoldsAreNamedWithWhatIsThere) {
  try {
    read_model_folder(folder_, {.folds = {"3"}, .checkpoint = {}});
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMissing);
    EXPECT_THAT(error.what(), HasSubstr("no fold_3/checkpoint_final"));
    EXPECT_THAT(error.what(), HasSubstr("there is fold_0/checkpoint_final.safetensors"));
  }
}

TEST_F(ModelFolderTest, TheFolderAboveIsAnsweredWithTheModelsInIt) {
  const fs::path results = folder_.string() + "_results";
  make_folder(results);
  fs::rename(folder_, results / "nnUNetTrainer__nnUNetPlans__3d_fullres");
  try {
    read_model_folder(results);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("name one of its folders: nnUNetTrainer__nnUNetPlans__3d_fullres"));
  }
  fs::rename(results / "nnUNetTrainer__nnUNetPlans__3d_fullres", folder_);
  fs::remove_all(results);
}

TEST_F(ModelFolderTest, CheckpointsTellConfigurationAndMirroring) {
  edit("plans.json", [](Json& plans) {
    plans["configurations"]["mine"] = {{"inherits_from", "3d_fullres"}, {"batch_size", 7}};
  });
  const fs::path file = folder_ / "fold_0/checkpoint_final.safetensors";
  write_weights(file, weights_);
  EXPECT_TRUE(read_model_folder(folder_).mirror_axes.empty());  // a checkpoint that doesn't tell
  std::vector<TensorToWrite> tensors;
  for (const auto& [name, tensor] : weights_) {
    tensors.push_back({name, ElementType::kFloat32, tensor.shape, std::as_bytes(std::span(tensor.values))});
  }
  write_safetensors(file, tensors,
                    {{"configuration", "mine"},
                     {"trainer_name", "nnUNetTrainerX"},
                     {"inference_allowed_mirroring_axes", "[0, 2]"}});
  const ModelFolder model = read_model_folder(folder_);
  EXPECT_EQ(model.plan.configuration, "mine");
  EXPECT_EQ(model.plan.batch_size, 7);
  EXPECT_EQ(model.trainer, "nnUNetTrainerX");
  EXPECT_THAT(model.mirror_axes, ElementsAre(0, 2));
}

TEST_F(ModelFolderTest, SoftmaxModelsHaveAHeadForEachLabel) {
  edit("dataset.json", [](Json& dataset) {
    dataset.erase("regions_class_order");
    dataset["labels"] = {{"background", 0}, {"tumour", 2}, {"liver", 1}, {"ignore", 3}};
  });
  weights_["decoder.seg_layers.0.weight"] = {{3, 2, 1, 1, 1}, std::vector<float>(6, 1)};
  weights_["decoder.seg_layers.0.bias"] = {{3}, {0, 0, 0}};
  write_fold(0);
  const ModelFolder model = read_model_folder(folder_);
  EXPECT_FALSE(model.labels.has_regions());
  EXPECT_EQ(model.plan.network.heads, 3);
  EXPECT_THAT(model.labels.foreground_labels, ElementsAre(1, 2));
  EXPECT_EQ(model.labels.ignore_label, 3);
  EXPECT_EQ(read_fold(model, 0).size(), weights_.size());
}

TEST_F(ModelFolderTest, ACascadeTakesTheEarlierStagesLabels) {
  edit("plans.json",
       [](Json& plans) { plans["configurations"]["3d_fullres"]["previous_stage"] = "3d_lowres"; });
  // One channel for the CT and one for each of the labels 1, 2, 3.
  EXPECT_EQ(read_model_folder(folder_).plan.network.input_channels, 4);
}

TEST_F(ModelFolderTest, ChannelsMustBeAsManyInBothFiles) {
  edit("dataset.json", [](Json& dataset) { dataset["channel_names"]["1"] = "PET"; });
  expect_error(ErrorCode::kInvalidInput, "has 2 channels, but plans.json beside it normalises 1");
}

TEST_F(ModelFolderTest, PatchesThatDoNotFitTheStridesAreRefused) {
  edit("plans.json", [](Json& plans) { plans["configurations"]["3d_fullres"]["patch_size"] = {8, 16, 31}; });
  expect_error(ErrorCode::kInvalidInput, "patch_size' holds 31, not a multiple of 2");
  edit("plans.json", [](Json& plans) { plans["configurations"]["3d_fullres"]["patch_size"] = {8, 16}; });
  expect_error(ErrorCode::kInvalidInput, "has 2 entries, 3 are needed");
}

TEST_F(ModelFolderTest, DatasetsThatContradictThemselvesAreRefused) {
  edit("dataset.json", [](Json& dataset) { dataset["regions_class_order"] = {1}; });
  expect_error(ErrorCode::kInvalidInput, "regions_class_order' has 1 entries for 2 regions");
  edit("dataset.json", [](Json& dataset) { dataset["labels"]["tumour"] = 70000; });
  expect_error(ErrorCode::kInvalidInput, "'labels.tumour' is 70000");
  edit("dataset.json", [](Json& dataset) {
    dataset["labels"] = {{"background", 0}, {"liver", 1}, {"x", 3}};
  });
  expect_error(ErrorCode::kInvalidInput, "has the label 3 where 2 should follow");
  edit("dataset.json", [](Json& dataset) { dataset["labels"] = {{"background", 0}}; });
  expect_error(ErrorCode::kInvalidInput, "no foreground");
}

TEST_F(ModelFolderTest, WeightsOfAnotherNetworkAreRefused) {
  const std::string name = "decoder.transpconvs.0.weight";
  const NamedTensor right = weights_[name];
  weights_[name].shape = {4, 2, 1, 4, 1};
  write_fold(0);
  expect_error(ErrorCode::kInvalidInput,
               "'decoder.transpconvs.0.weight' has the shape [4, 2, 1, 4, 1], the plan "
               "wants [4, 2, 1, 2, 2]");
  weights_.erase(name);
  write_fold(0);
  expect_error(ErrorCode::kInvalidInput, "'decoder.transpconvs.0.weight' is missing");
  weights_[name] = right;
  weights_["encoder.stages.2.0.convs.0.conv.bias"] = {{1}, {0}};
  write_fold(0);
  expect_error(ErrorCode::kInvalidInput, "no place in the plan");
}

TEST_F(ModelFolderTest, NnunetsDuplicatesAreIgnored) {
  weights_["encoder.stages.0.0.convs.0.all_modules.0.bias"] = {{1}, {0}};
  weights_["decoder.encoder.stages.0.0.convs.0.conv.bias"] = {{1}, {0}};
  write_fold(0);
  EXPECT_EQ(read_fold(read_model_folder(folder_), 0).size(), weights_.size() - 2);
}

TEST_F(ModelFolderTest, ValuesThatAreNotFiniteAreCorrupt) {
  weights_["decoder.seg_layers.0.bias"].values[1] = NAN;
  write_fold(0);
  expect_error(ErrorCode::kCorrupt, "'decoder.seg_layers.0.bias' holds values that are not finite");
}

}  // namespace
}  // namespace hepar
