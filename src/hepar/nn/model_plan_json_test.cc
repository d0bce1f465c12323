// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/nn/model_folder.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

// A golden plans.json, changed by the test and read again.
class PlanTest : public testing::Test {
 protected:
  void SetUp() override {
    file_ = fs::temp_directory_path() / ("hepar_plan_json_test_" + std::to_string(::getpid()) + ".json");
    plans_ = Json::parse(read_text_file(kPlanning + "lits_like/ExperimentPlanner_8GB.json"));
  }
  void TearDown() override { fs::remove(file_); }

  Json& fullres() { return plans_["configurations"]["3d_fullres"]; }
  Json& arch_kwargs() { return fullres()["architecture"]["arch_kwargs"]; }
  ModelPlan read(const std::string& configuration = "3d_fullres") {
    write_text_file(file_, plans_.dump());
    return read_plan(file_, configuration);
  }
  void expect_error(ErrorCode code, const std::string& said,
                    const std::string& configuration = "3d_fullres") {
    try {
      read(configuration);
      ADD_FAILURE() << "no error; wanted: " << said;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(said));
    }
  }
  const std::string kPlanning = HEPAR_GOLDEN "/nnunet/planning/";
  fs::path file_;
  Json plans_;
};

TEST_F(PlanTest, ReadsAPlanOfNnunet) {
  const ModelPlan plan = read();
  EXPECT_EQ(plan.network.network_class, NetworkClass::kPlainConvUNet);
  EXPECT_THAT(plan.network.features_per_stage, ElementsAre(32, 64, 128, 256, 320, 320));
  EXPECT_EQ(plan.patch_size, (Kernel3{128, 128, 128}));
  EXPECT_FALSE(plan.two_dimensional);
  EXPECT_EQ(plan.image_resampling.order, 3);
  EXPECT_EQ(plan.logit_resampling.order, 1);
  EXPECT_FALSE(plan.image_resampling.force_separate_z.has_value());
  EXPECT_THAT(plan.transpose_forward, ElementsAre(0, 1, 2));
  EXPECT_THAT(plan.use_mask_for_norm, ElementsAre(false));
}

TEST_F(PlanTest, TwoDimensionalConfigurationsHaveDepthOne) {
  const ModelPlan plan = read("2d");
  const Json& wanted = plans_["configurations"]["2d"];
  EXPECT_TRUE(plan.two_dimensional);
  EXPECT_EQ(plan.patch_size, (Kernel3{1, wanted["patch_size"][0], wanted["patch_size"][1]}));
  EXPECT_EQ(plan.spacing_mm[0], 0);
  EXPECT_EQ(plan.spacing_mm[2], wanted["spacing"][1].get<double>());
  EXPECT_EQ(plan.network.kernel_sizes[0], (Kernel3{1, 3, 3}));
  EXPECT_EQ(plan.network.strides[1], (Kernel3{1, 2, 2}));
}

TEST_F(PlanTest, InheritedKeysAreFilledIn) {
  const ModelPlan cascade = read("3d_cascade_fullres");
  EXPECT_EQ(cascade.previous_stage, "3d_lowres");
  EXPECT_EQ(cascade.patch_size, read().patch_size);
  plans_["configurations"]["3d_fullres"]["inherits_from"] = "3d_cascade_fullres";
  expect_error(ErrorCode::kInvalidInput, "leads back to itself");
}

TEST_F(PlanTest, AnUnknownConfigurationIsAnsweredWithThoseThereAre) {
  expect_error(ErrorCode::kInvalidInput, "no configuration '3d_hires'; there are 2d, 3d_lowres, 3d_fullres",
               "3d_hires");
}

TEST_F(PlanTest, ReadsTheResidualEncoder) {
  plans_ = Json::parse(read_text_file(kPlanning + "lits_like/nnUNetPlannerResEncM_8GB.json"));
  const ModelPlan plan = read();
  EXPECT_EQ(plan.network.network_class, NetworkClass::kResidualEncoderUNet);
  EXPECT_THAT(plan.network.conv_per_stage, ElementsAre(1, 3, 4, 6, 6, 6));
  EXPECT_THAT(plan.network.conv_per_stage_decoder, Each(1));
}

// The old form of the same plan gives the same network (plans_handler.py converts it).
TEST_F(PlanTest, ReadsPlansWithoutArchitecture) {
  const ModelPlan wanted = read();
  const Json kwargs = arch_kwargs();
  Json& old = fullres();
  old.erase("architecture");
  old["UNet_class_name"] = "PlainConvUNet";
  old["UNet_base_num_features"] = 32;
  old["unet_max_num_features"] = 320;
  old["n_conv_per_stage_encoder"] = kwargs["n_conv_per_stage"];
  old["n_conv_per_stage_decoder"] = kwargs["n_conv_per_stage_decoder"];
  old["num_pool_per_axis"] = {5, 5, 5};
  old["pool_op_kernel_sizes"] = kwargs["strides"];
  old["conv_kernel_sizes"] = kwargs["kernel_sizes"];
  plans_["foreground_intensity_properties_by_modality"] =
      plans_["foreground_intensity_properties_per_channel"];
  plans_.erase("foreground_intensity_properties_per_channel");
  const ModelPlan plan = read();
  EXPECT_EQ(plan.network.features_per_stage, wanted.network.features_per_stage);
  EXPECT_EQ(plan.network.strides, wanted.network.strides);
  EXPECT_EQ(plan.network.kernel_sizes, wanted.network.kernel_sizes);
  EXPECT_EQ(plan.network.conv_per_stage, wanted.network.conv_per_stage);
  EXPECT_EQ(plan.network.conv_per_stage_decoder, wanted.network.conv_per_stage_decoder);
  EXPECT_TRUE(plan.network.conv_bias);
  EXPECT_EQ(plan.intensities[0].mean, wanted.intensities[0].mean);
}

TEST_F(PlanTest, OtherActivationsAndBiasesAreRead) {
  arch_kwargs()["nonlin"] = "torch.nn.ReLU";
  arch_kwargs()["conv_bias"] = false;
  EXPECT_EQ(read().network.leaky_slope, 0);
  EXPECT_FALSE(read().network.conv_bias);
}

TEST_F(PlanTest, TransposedAxesAreRead) {
  plans_["transpose_forward"] = {2, 0, 1};
  EXPECT_THAT(read().transpose_forward, ElementsAre(2, 0, 1));
  plans_["transpose_forward"] = {2, 0, 2};
  expect_error(ErrorCode::kInvalidInput, "is no order of the axes");
}

struct Refusal {
  const char* name;
  std::function<void(Json& plans)> change;
  const char* said;
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }
class PlanRefusal : public PlanTest, public testing::WithParamInterface<Refusal> {};

TEST_P(PlanRefusal, NamesWhatHeparCannotDo) {
  GetParam().change(plans_);
  expect_error(ErrorCode::kUnsupported, GetParam().said);
}

Json& fullres_of(Json& plans) { return plans["configurations"]["3d_fullres"]; }
Json& kwargs_of(Json& plans) { return fullres_of(plans)["architecture"]["arch_kwargs"]; }

INSTANTIATE_TEST_SUITE_P(
    Plan, PlanRefusal,
    testing::Values(
        Refusal{"network", [](Json& p) { fullres_of(p)["architecture"]["network_class_name"] = "x.UMamba"; },
                "UMamba"},
        Refusal{"norm", [](Json& p) { kwargs_of(p)["norm_op"] = "torch.nn.BatchNorm3d"; }, "BatchNorm3d"},
        Refusal{"affine", [](Json& p) { kwargs_of(p)["norm_op_kwargs"]["affine"] = false; }, "affine"},
        Refusal{"activation", [](Json& p) { kwargs_of(p)["nonlin"] = "torch.nn.GELU"; }, "GELU"},
        Refusal{"one_dimension", [](Json& p) { kwargs_of(p)["conv_op"] = "torch.nn.Conv1d"; }, "Conv1d"},
        Refusal{"squeeze", [](Json& p) { kwargs_of(p)["squeeze_excitation"] = true; }, "squeeze_excitation"},
        Refusal{"bottleneck", [](Json& p) { kwargs_of(p)["block"] = "x.BottleneckD"; }, "BottleneckD"},
        Refusal{"reader", [](Json& p) { p["image_reader_writer"] = "Tiff3DIO"; }, "Tiff3DIO"},
        Refusal{"resampling", [](Json& p) { fullres_of(p)["resampling_fn_data"] = "my_own"; }, "my_own"},
        Refusal{"order", [](Json& p) { fullres_of(p)["resampling_fn_data_kwargs"]["order"] = 2; },
                "order' is 2"},
        Refusal{"logit_order",
                [](Json& p) { fullres_of(p)["resampling_fn_probabilities_kwargs"]["order"] = 0; },
                "order' is 0"},
        Refusal{"order_z", [](Json& p) { fullres_of(p)["resampling_fn_data_kwargs"]["order_z"] = 1; },
                "order_z' is 1"},
        Refusal{"normalization",
                [](Json& p) { fullres_of(p)["normalization_schemes"][0] = "MyNormalization"; },
                "MyNormalization"},
        Refusal{"preprocessor", [](Json& p) { fullres_of(p)["preprocessor_name"] = "MyPreprocessor"; },
                "MyPreprocessor"},
        Refusal{"labels", [](Json& p) { p["label_manager"] = "MyLabels"; }, "MyLabels"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(PlanTest, WhatIsWrittenIsReadBack) {
  ModelPlan wanted = read("2d");
  wanted.transpose_forward = {1, 2, 0};
  wanted.image_resampling.force_separate_z = true;
  wanted.previous_stage = "3d_lowres";
  wanted.network.dropout = 0.3;
  write_plan(file_, wanted, "Dataset001_Test");
  const ModelPlan plan = read_plan(file_, "2d");
  EXPECT_TRUE(plan.two_dimensional);
  EXPECT_EQ(plan.patch_size, wanted.patch_size);
  EXPECT_EQ(plan.spacing_mm, wanted.spacing_mm);
  EXPECT_EQ(plan.transpose_forward, wanted.transpose_forward);
  EXPECT_EQ(plan.image_resampling.force_separate_z, true);
  EXPECT_EQ(plan.previous_stage, "3d_lowres");
  EXPECT_EQ(plan.network.strides, wanted.network.strides);
  EXPECT_EQ(plan.network.dropout, 0.3);
}

}  // namespace
}  // namespace hepar
