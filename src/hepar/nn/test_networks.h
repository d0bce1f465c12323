// SPDX-License-Identifier: Apache-2.0
#pragma once

// Networks of all kinds with random weights, for the tests of engines.

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "hepar/core/random.h"
#include "hepar/nn/network_spec.h"
#include "hepar/nn/random_network.h"
#include "hepar/nn/tensor.h"

namespace hepar::conformance {

inline Tensor random_tensor(const TensorShape& shape, std::uint64_t seed) {
  Tensor tensor(shape);
  Random random(seed);
  for (float& value : tensor.values) value = static_cast<float>(random.normal());
  return tensor;
}

struct NetworkCase {
  std::string name;
  NetworkSpec spec;
  TensorShape input;
};

inline NetworkSpec make_spec(std::vector<std::int64_t> features, std::int64_t blocks = 2) {
  return make_plain_spec(std::move(features), blocks);
}

inline std::vector<NetworkCase> plain_cases() {
  std::vector<NetworkCase> cases;
  cases.push_back({"odd_features", make_spec({5, 7, 9}), {1, 1, 8, 12, 16}});
  cases.push_back({"whole_blocks", make_spec({16, 32, 64}), {1, 1, 16, 8, 20}});
  cases.push_back({"batch_of_two", make_spec({16, 48}), {2, 1, 4, 6, 8}});
  cases.push_back({"down_to_one_voxel", make_spec({4, 8, 12, 16, 20}), {1, 1, 16, 16, 16}});
  NetworkCase anisotropic{"anisotropic", make_spec({8, 16, 24}), {1, 1, 6, 8, 12}};
  anisotropic.spec.kernel_sizes = {{1, 3, 3}, {1, 3, 3}, {3, 3, 3}};
  anisotropic.spec.strides = {{1, 1, 1}, {1, 2, 2}, {2, 2, 2}};
  cases.push_back(anisotropic);
  NetworkCase uneven{"uneven_blocks", make_spec({6, 10, 18}), {1, 3, 6, 12, 4}};
  uneven.spec.input_channels = 3;
  uneven.spec.heads = 3;
  uneven.spec.conv_per_stage = {1, 3, 2};
  uneven.spec.conv_per_stage_decoder = {3, 1};
  uneven.spec.kernel_sizes = {{3, 3, 3}, {5, 1, 3}, {1, 1, 1}};
  uneven.spec.strides = {{1, 1, 1}, {1, 3, 2}, {3, 2, 1}};
  uneven.spec.leaky_slope = 0.2;
  uneven.spec.norm_eps = 1e-2;
  cases.push_back(uneven);
  NetworkCase bare{"without_bias_relu", make_spec({6, 10, 16}), {1, 1, 4, 8, 12}};
  bare.spec.conv_bias = false;
  bare.spec.leaky_slope = 0;
  cases.push_back(bare);
  NetworkCase five_inputs{"five_inputs", make_spec({17, 33}, 1), {1, 5, 2, 2, 34}};
  five_inputs.spec.input_channels = 5;
  cases.push_back(five_inputs);
  return cases;
}

inline NetworkSpec make_residual_spec(std::vector<std::int64_t> features, std::int64_t blocks = 2) {
  NetworkSpec spec = make_spec(std::move(features), blocks);
  spec.network_class = NetworkClass::kResidualEncoderUNet;
  spec.conv_per_stage_decoder.assign(spec.strides.size() - 1, 1);
  return spec;
}

inline std::vector<NetworkCase> residual_cases() {
  std::vector<NetworkCase> cases;
  cases.push_back({"residual_odd_features", make_residual_spec({5, 7, 9}), {1, 1, 8, 12, 16}});
  // Strides without a change of channels, a change without a stride, neither, and fewer channels below.
  NetworkCase skips{"residual_skips", make_residual_spec({8, 8, 12, 12, 9, 17}, 1), {2, 2, 4, 8, 24}};
  skips.spec.input_channels = 2;
  skips.spec.strides = {{1, 1, 1}, {1, 2, 2}, {1, 1, 1}, {1, 1, 1}, {2, 2, 2}, {1, 1, 3}};
  skips.spec.conv_per_stage = {3, 1, 2, 1, 2, 1};
  cases.push_back(skips);
  NetworkCase wide{"residual_many_inputs", make_residual_spec({33, 17}), {1, 6, 4, 6, 10}};
  wide.spec.input_channels = 6;
  wide.spec.kernel_sizes = {{1, 3, 3}, {3, 3, 3}};
  cases.push_back(wide);
  NetworkCase bare{"residual_without_bias_relu", make_residual_spec({4, 6, 16}), {1, 1, 4, 8, 12}};
  bare.spec.conv_bias = false;
  bare.spec.leaky_slope = 0;
  cases.push_back(bare);
  // Down to one voxel: there the norm leaves its bias.
  NetworkCase deep{"residual_seven_stages", make_residual_spec({3, 4, 5, 6, 7, 8, 9}, 1), {1, 1, 4, 64, 64}};
  for (std::size_t stage = 1; stage < 5; ++stage) deep.spec.strides[stage] = {1, 2, 2};
  cases.push_back(deep);
  return cases;
}

// Networks of slices, as in a 2d configuration: nothing reaches across d, and each slice is a sample.
inline std::vector<NetworkCase> slice_cases() {
  std::vector<NetworkCase> cases;
  NetworkCase plain{"slices_seven_stages", make_spec({4, 5, 6, 7, 8, 9, 10}), {3, 1, 1, 64, 64}};
  NetworkCase residual{"residual_slices", make_residual_spec({6, 12, 12}), {2, 1, 1, 20, 28}};
  for (NetworkCase* network : {&plain, &residual}) {
    network->spec.kernel_sizes.assign(network->spec.kernel_sizes.size(), {1, 3, 3});
    std::fill(network->spec.strides.begin() + 1, network->spec.strides.end(), Kernel3{1, 2, 2});
    cases.push_back(*network);
  }
  return cases;
}

// Short and long axes, one of a single voxel under kernels that reach beyond it, and channels that fill no
// block.
inline std::vector<NetworkCase> odd_size_cases() {
  std::vector<NetworkCase> cases;
  cases.push_back({"cube_of_8", make_spec({7, 9, 20}), {1, 1, 8, 8, 8}});
  cases.push_back({"sizes_40_56_24", make_spec({5, 11, 13}, 1), {1, 1, 40, 56, 24}});
  cases.push_back({"rod_of_192", make_spec({6, 10, 12}, 1), {1, 1, 192, 8, 8}});
  NetworkCase sheet{"sheet_of_192", make_spec({3, 9}, 1), {1, 1, 1, 192, 192}};
  sheet.spec.strides[1] = {1, 2, 2};
  cases.push_back(sheet);
  NetworkCase row{"row_of_one_voxel_in_h_and_d", make_spec({17, 9, 33}), {1, 1, 1, 1, 36}};
  NetworkCase flat{"one_voxel_in_h", make_spec({12, 20, 24}), {1, 1, 12, 1, 20}};
  NetworkCase residual{"residual_one_voxel_in_w", make_residual_spec({9, 17}), {1, 1, 10, 14, 1}};
  row.spec.strides = {{1, 1, 1}, {1, 1, 2}, {1, 1, 2}};
  flat.spec.strides = {{1, 1, 1}, {2, 1, 2}, {2, 1, 2}};
  residual.spec.strides[1] = {2, 2, 1};
  cases.insert(cases.end(), {row, flat, residual});
  return cases;
}

inline std::vector<NetworkCase> network_cases() {
  std::vector<NetworkCase> cases = plain_cases();
  for (const auto& more : {residual_cases(), slice_cases(), odd_size_cases()})
    cases.insert(cases.end(), more.begin(), more.end());
  return cases;
}

// Names in test reports; GoogleTest would print bytes.
inline void PrintTo(const NetworkCase& network, std::ostream* out) { *out << network.name; }

}  // namespace hepar::conformance
