// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "hepar/nn/network_spec.h"

namespace hepar {

using AxisSizes = std::vector<std::int64_t>;  // one value per network axis: 2 or 3

// Where a U-Net for this spacing pools and how wide its kernels are (nnU-Net
// experiment_planning/experiment_planners/network_topology.py, get_pool_and_conv_props).
struct NetworkTopology {
  std::vector<AxisSizes> strides, kernel_sizes;  // one per stage; the first stride is 1
  AxisSizes divisor;                             // 2^poolings: what a patch must be a multiple of
  AxisSizes patch_size;                          // the wanted one, padded up to a multiple of that
};
// `patch_size` may be fractional: medians of shapes are. An axis is pooled while it is at least 8 voxels long
// and less than twice as coarse as the finest such axis; kernels are 1 along an axis until it is less than
// twice as coarse as the finest.
NetworkTopology plan_topology(const std::vector<double>& spacing_mm, const std::vector<double>& patch_size);

// What decides the numbers of a network besides its topology.
struct NetworkWidth {
  NetworkClass network_class = NetworkClass::kPlainConvUNet;
  std::vector<std::int64_t> features;        // per stage
  std::vector<std::int64_t> encoder_blocks;  // conv or residual blocks per stage
  std::vector<std::int64_t> decoder_convs;   // per decoder stage
  std::int64_t heads = 2;                    // output channels
};
// Values in all feature maps of one pass without deep supervision, nnU-Net's measure of GPU memory
// (dynamic_network_architectures, compute_conv_feature_map_size of each building block). The padded patch of
// that topology goes in.
std::int64_t feature_map_size(const NetworkTopology& topology, const NetworkWidth& width);

}  // namespace hepar
