// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/network_topology.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace hepar {
namespace {

constexpr double kLeastEdge = 4;  // UNet_featuremap_min_edge_length, default_experiment_planner.py
constexpr double kSimilar = 2;    // axes are pooled together while their spacings differ by less than this

std::vector<std::size_t> poolable_axes(const std::vector<double>& spacing, const std::vector<double>& size) {
  double finest = INFINITY;
  for (std::size_t axis = 0; axis < size.size(); ++axis) {
    if (size[axis] >= 2 * kLeastEdge) finest = std::min(finest, spacing[axis]);
  }
  std::vector<std::size_t> axes;
  for (std::size_t axis = 0; axis < size.size(); ++axis) {
    if (size[axis] >= 2 * kLeastEdge && spacing[axis] / finest < kSimilar) axes.push_back(axis);
  }
  if (axes.size() == 1 && size[axes.front()] < 3 * kLeastEdge) return {};
  return axes;
}

std::int64_t padded(double size, std::int64_t divisor) {
  return static_cast<std::int64_t>(std::ceil(size / static_cast<double>(divisor))) * divisor;
}

std::int64_t voxels(const AxisSizes& size) {
  return std::accumulate(size.begin(), size.end(), std::int64_t{1}, std::multiplies<>());
}

AxisSizes divided(AxisSizes size, const AxisSizes& stride) {
  for (std::size_t axis = 0; axis < size.size(); ++axis) size[axis] /= stride[axis];
  return size;
}

// Values of encoder stage `stage`, whose output has `size`.
std::int64_t encoder_stage_size(const NetworkWidth& width, std::size_t stage, const AxisSizes& size,
                                bool is_strided) {
  const std::int64_t map = width.features[stage] * voxels(size);
  if (width.network_class == NetworkClass::kPlainConvUNet) return width.encoder_blocks[stage] * map;
  const bool has_projection =
      is_strided || width.features[stage] != width.features[stage == 0 ? 0 : stage - 1];
  return 2 * width.encoder_blocks[stage] * map + (has_projection ? map : 0);
}

}  // namespace

NetworkTopology plan_topology(const std::vector<double>& spacing_mm, const std::vector<double>& patch_size) {
  const std::size_t axes = spacing_mm.size();
  std::vector<double> spacing = spacing_mm;
  std::vector<double> size = patch_size;
  AxisSizes kernel(axes, 1);
  NetworkTopology topology{.strides = {AxisSizes(axes, 1)},
                           .kernel_sizes = {},
                           .divisor = AxisSizes(axes, 1),
                           .patch_size = AxisSizes(axes)};
  for (auto pooled = poolable_axes(spacing, size); !pooled.empty(); pooled = poolable_axes(spacing, size)) {
    const double finest = *std::min_element(spacing.begin(), spacing.end());
    for (std::size_t axis = 0; axis < axes; ++axis) {
      if (spacing[axis] / finest < kSimilar) kernel[axis] = 3;
    }
    AxisSizes stride(axes, 1);
    for (const std::size_t axis : pooled) {
      stride[axis] = 2;
      topology.divisor[axis] *= 2;
      spacing[axis] *= 2;
      size[axis] = std::ceil(size[axis] / 2);
    }
    topology.strides.push_back(stride);
    topology.kernel_sizes.push_back(kernel);
  }
  topology.kernel_sizes.emplace_back(axes, 3);
  for (std::size_t axis = 0; axis < axes; ++axis) {
    topology.patch_size[axis] = padded(patch_size[axis], topology.divisor[axis]);
  }
  return topology;
}

std::int64_t feature_map_size(const NetworkTopology& topology, const NetworkWidth& width) {
  AxisSizes size = topology.patch_size;
  // The residual encoder's stem.
  std::int64_t sum =
      width.network_class == NetworkClass::kResidualEncoderUNet ? width.features[0] * voxels(size) : 0;
  const std::size_t stages = topology.strides.size();
  for (std::size_t stage = 0; stage < stages; ++stage) {
    const AxisSizes& stride = topology.strides[stage];
    const bool is_strided = std::any_of(stride.begin(), stride.end(), [](std::int64_t s) { return s != 1; });
    size = divided(size, stride);
    sum += encoder_stage_size(width, stage, size, is_strided);
    if (stage + 1 == stages) break;
    // The decoder stage at this resolution: its conv blocks and the transposed convolution before them.
    sum += (width.decoder_convs[stages - 2 - stage] + 1) * width.features[stage] * voxels(size);
  }
  if (stages > 1) sum += width.heads * voxels(divided(topology.patch_size, topology.strides[0]));
  return sum;
}

}  // namespace hepar
