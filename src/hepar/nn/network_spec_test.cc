// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/network_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

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

TEST(NetworkSpec, ParametersCarryNnunetNamesAndShapes) {
  std::vector<std::string> lines;
  for (const auto& [name, shape] : parameters_of(small_spec())) {
    if (name.ends_with(".bias") || name.find(".norm.") != std::string::npos) continue;
    std::string line = name;
    for (const auto size : shape) line.append(1, ' ').append(std::to_string(size));
    lines.push_back(line);
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
