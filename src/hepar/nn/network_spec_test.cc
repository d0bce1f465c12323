// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/network_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "hepar/core/error.h"

namespace hepar {
namespace {

NetworkSpec small_spec() {
  NetworkSpec spec;
  spec.features_per_stage = {4, 6, 8};
  spec.kernel_sizes = {{1, 3, 3}, {3, 3, 3}, {3, 3, 3}};
  spec.strides = {{1, 1, 1}, {1, 2, 2}, {2, 2, 2}};
  spec.conv_per_stage = {2, 1, 1};
  spec.conv_per_stage_decoder = {1, 2};
  return spec;
}

TEST(NetworkSpec, SizeDivisorIsTheProductOfTheStrides) {
  EXPECT_EQ(small_spec().size_divisor(), (Kernel3{2, 4, 4}));
}

std::string line_of(const ParameterSpec& parameter) {
  std::string line = parameter.name;
  for (const auto size : parameter.shape) line.append(1, ' ').append(std::to_string(size));
  return line;
}

TEST(NetworkSpec, ParametersCarryNnunetNamesAndShapes) {
  std::vector<std::string> lines;
  for (const ParameterSpec& parameter : parameters_of(small_spec())) {
    const std::string& name = parameter.name;
    if (name.ends_with(".bias") || name.find(".norm.") != std::string::npos) continue;
    lines.push_back(line_of(parameter));
  }
  EXPECT_THAT(
      lines, testing::ElementsAre(
                 "encoder.stages.0.0.convs.0.conv.weight 4 1 1 3 3",
                 "encoder.stages.0.0.convs.1.conv.weight 4 4 1 3 3",
                 "encoder.stages.1.0.convs.0.conv.weight 6 4 3 3 3",
                 "encoder.stages.2.0.convs.0.conv.weight 8 6 3 3 3", "decoder.transpconvs.0.weight 8 6 2 2 2",
                 "decoder.stages.0.convs.0.conv.weight 6 12 3 3 3", "decoder.seg_layers.0.weight 2 6 1 1 1",
                 "decoder.transpconvs.1.weight 6 4 1 2 2", "decoder.stages.1.convs.0.conv.weight 4 8 1 3 3",
                 "decoder.stages.1.convs.1.conv.weight 4 4 1 3 3", "decoder.seg_layers.1.weight 2 4 1 1 1"));
}

// 31.19 million parameters is the figure nnU-Net's users know for its 3d_fullres default network.
TEST(NetworkSpec, CountsTheParametersOfNnunetsDefault) {
  NetworkSpec spec;
  spec.heads = 3;
  spec.features_per_stage = {32, 64, 128, 256, 320, 320};
  spec.kernel_sizes.assign(6, {3, 3, 3});
  spec.strides.assign(6, {2, 2, 2});
  spec.strides[0] = {1, 1, 1};
  spec.conv_per_stage.assign(6, 2);
  spec.conv_per_stage_decoder.assign(5, 2);
  std::int64_t count = 0;
  for (const auto& parameter : parameters_of(spec)) {
    std::int64_t product = 1;
    for (const auto size : parameter.shape) product *= size;
    count += product;
  }
  EXPECT_NEAR(static_cast<double>(count), 31.19e6, 0.01e6);
}

std::vector<std::string> lines_with(const NetworkSpec& spec, const std::string& part) {
  std::vector<std::string> lines;
  for (const ParameterSpec& parameter : parameters_of(spec)) {
    if (parameter.name.find(part) != std::string::npos) lines.push_back(line_of(parameter));
  }
  return lines;
}

TEST(NetworkSpec, SkipsOfAResidualEncoderProjectWhereTheChannelCountChanges) {
  NetworkSpec spec = small_spec();
  spec.network_class = NetworkClass::kResidualEncoderUNet;
  spec.features_per_stage = {4, 6, 6, 8};
  spec.kernel_sizes.assign(4, {3, 3, 3});
  // Stage 1 pools and projects (6 from 4), stage 2 only pools, stage 3 only projects (8 from 6).
  spec.strides = {{1, 1, 1}, {1, 2, 2}, {2, 2, 2}, {1, 1, 1}};
  spec.conv_per_stage = {1, 2, 1, 1};
  spec.conv_per_stage_decoder = {1, 1, 1};
  EXPECT_THAT(lines_with(spec, ".skip."),
              testing::ElementsAre("encoder.stages.1.blocks.0.skip.1.conv.weight 6 4 1 1 1",
                                   "encoder.stages.1.blocks.0.skip.1.norm.weight 6",
                                   "encoder.stages.1.blocks.0.skip.1.norm.bias 6",
                                   "encoder.stages.3.blocks.0.skip.0.conv.weight 8 6 1 1 1",
                                   "encoder.stages.3.blocks.0.skip.0.norm.weight 8",
                                   "encoder.stages.3.blocks.0.skip.0.norm.bias 8"));
  EXPECT_THAT(lines_with(spec, "stem.convs.0.conv.weight"),
              testing::ElementsAre("encoder.stem.convs.0.conv.weight 4 1 3 3 3"));
}

TEST(NetworkSpec, WithoutConvBiasOnlyTheHeadsAndNormsHaveOne) {
  for (const auto network_class : {NetworkClass::kPlainConvUNet, NetworkClass::kResidualEncoderUNet}) {
    NetworkSpec spec = small_spec();
    spec.network_class = network_class;
    spec.conv_bias = false;
    EXPECT_THAT(lines_with(spec, "conv.bias"), testing::IsEmpty());
    EXPECT_THAT(lines_with(spec, "conv1.bias"), testing::IsEmpty());
    EXPECT_THAT(lines_with(spec, "transpconvs.0"),
                testing::ElementsAre("decoder.transpconvs.0.weight 8 6 2 2 2"));
    EXPECT_THAT(lines_with(spec, "seg_layers.0"),
                testing::ElementsAre("decoder.seg_layers.0.weight 2 6 1 1 1", "decoder.seg_layers.0.bias 2"));
    EXPECT_THAT(lines_with(spec, "decoder.stages.0.convs.0.norm.bias"), testing::SizeIs(1));
  }
}

// What nnU-Net saved, as line_of(): the file says "name (6, 4, 3, 3, 3) float32". Of the two or three names a
// parameter is stored under, the one outside all_modules and decoder.encoder counts.
std::set<std::string> saved_parameters(const std::filesystem::path& path) {
  std::set<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.find(".all_modules.") != std::string::npos || line.starts_with("decoder.encoder.")) continue;
    line.erase(line.find(')'));
    std::erase_if(line, [](char c) { return c == '(' || c == ','; });
    if (line.ends_with(' ')) line.pop_back();
    lines.insert(line);
  }
  return lines;
}

NetworkSpec planned_network(const std::filesystem::path& plans_json) {
  std::ifstream file(plans_json);
  const auto architecture =
      nlohmann::json::parse(file).at("configurations").at("3d_fullres").at("architecture");
  const auto& arguments = architecture.at("arch_kwargs");
  NetworkSpec spec;
  const bool residual =
      architecture.at("network_class_name").get<std::string>().ends_with("ResidualEncoderUNet");
  if (residual) spec.network_class = NetworkClass::kResidualEncoderUNet;
  arguments.at("features_per_stage").get_to(spec.features_per_stage);
  arguments.at("kernel_sizes").get_to(spec.kernel_sizes);
  arguments.at("strides").get_to(spec.strides);
  arguments.at(residual ? "n_blocks_per_stage" : "n_conv_per_stage").get_to(spec.conv_per_stage);
  arguments.at("n_conv_per_stage_decoder").get_to(spec.conv_per_stage_decoder);
  arguments.at("conv_bias").get_to(spec.conv_bias);
  return spec;
}

struct SavedModel {
  const char* name;
  const char* folder;
  std::int64_t heads;
};
void PrintTo(const SavedModel& model, std::ostream* out) { *out << model.name; }
class SavedModels : public testing::TestWithParam<SavedModel> {};

TEST_P(SavedModels, HaveTheParametersOfTheirPlan) {
  const auto folder = std::filesystem::path(HEPAR_GOLDEN) / "nnunet" / GetParam().folder;
  std::filesystem::path plans;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "model")) {
    if (entry.path().filename() == "plans.json") plans = entry.path();
  }
  NetworkSpec spec = planned_network(plans);
  spec.heads = GetParam().heads;
  std::set<std::string> planned;
  for (const ParameterSpec& parameter : parameters_of(spec)) planned.insert(line_of(parameter));
  EXPECT_EQ(planned, saved_parameters(folder / "state_dict_keys.txt"));
}

INSTANTIATE_TEST_SUITE_P(Golden, SavedModels,
                         testing::Values(SavedModel{"plain", "case2_regions_crop_pad_ensemble", 2},
                                         SavedModel{"residual", "case4_resenc_transposed_sepz", 3}),
                         [](const auto& test) { return test.param.name; });

struct Fault {
  const char* name;
  void (*apply)(NetworkSpec&);
  const char* said;
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }
class NetworkSpecFault : public testing::TestWithParam<Fault> {};

TEST_P(NetworkSpecFault, IsRefusedByName) {
  NetworkSpec spec = small_spec();
  GetParam().apply(spec);
  try {
    parameters_of(spec);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_THAT(error.what(), testing::HasSubstr(GetParam().said));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Faults, NetworkSpecFault,
    testing::Values(
        Fault{"one_stage", [](NetworkSpec& s) { s.features_per_stage = {4}; }, "stages"},
        Fault{"kernels", [](NetworkSpec& s) { s.kernel_sizes.pop_back(); }, "kernel_sizes has 2"},
        Fault{"strides", [](NetworkSpec& s) { s.strides.pop_back(); }, "strides has 2"},
        Fault{"blocks", [](NetworkSpec& s) { s.conv_per_stage[1] = 0; }, "n_conv_per_stage is 0"},
        Fault{"decoder", [](NetworkSpec& s) { s.conv_per_stage_decoder.push_back(1); }, "has 3 entries"},
        Fault{"even", [](NetworkSpec& s) { s.kernel_sizes[1][2] = 4; }, "4 is even"},
        Fault{"features", [](NetworkSpec& s) { s.features_per_stage[2] = -8; }, "is -8"},
        Fault{"huge", [](NetworkSpec& s) { s.features_per_stage[2] = 1LL << 40; }, "feature count"},
        Fault{"first",
              [](NetworkSpec& s) {
                s.strides[0] = {2, 1, 1};
              },
              "first stage"},
        Fault{"heads", [](NetworkSpec& s) { s.heads = 0; }, "heads"},
        Fault{"eps", [](NetworkSpec& s) { s.norm_eps = 0; }, "eps"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace hepar
