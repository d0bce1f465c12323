// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/preprocess.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "hepar/core/error.h"
#include "hepar/imaging/box.h"
#include "hepar/imaging/resize.h"
#include "hepar/plan/grid_plan.h"
#include "hepar/plan/nonzero.h"
#include "hepar/plan/normalization.h"

namespace hepar {
namespace {

void check_channels(std::span<const CtVolume> channels, const ModelPlan& plan) {
  const std::size_t wanted = plan.normalization_schemes.size();
  if (channels.size() != wanted || channels.empty()) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("The model sees {} image channel{} and got {}; give it one file for each channel, "
                    "NAME_0000, NAME_0001 and so on.",
                    wanted, wanted == 1 ? "" : "s", channels.size()));
  }
  for (std::size_t c = 1; c < channels.size(); ++c) {
    if (const auto difference = grid_difference(channels[0].geometry(), channels[c].geometry())) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("Channel {} lies on another grid than channel 0: {}; resample it first.", c,
                              *difference));
    }
  }
}

bool uses_mask(const ModelPlan& plan, std::size_t channel) {
  return plan.normalization_schemes[channel] == "ZScoreNormalization" &&
         channel < plan.use_mask_for_norm.size() && plan.use_mask_for_norm[channel];
}

bool uses_mask(const ModelPlan& plan) {
  for (std::size_t c = 0; c < plan.normalization_schemes.size(); ++c) {
    if (uses_mask(plan, c)) return true;
  }
  return false;
}

SliceReader normalized_slices(const ChannelView& channel, const Normalization& normalization, int axis) {
  if (channel.mask) {
    return [&channel, normalization, axis](std::int64_t n, std::span<float> slice) {
      auto to = slice.begin();
      channel.image.for_each_in_slice(axis, n, [&](float v) { *to++ = v; });
      to = slice.begin();
      channel.mask->for_each_in_slice(axis, n, [&](std::uint8_t inside) {
        *to = inside != 0 ? normalization(*to) : *to;
        ++to;
      });
    };
  }
  return [&channel, normalization, axis](std::int64_t n, std::span<float> slice) {
    auto to = slice.begin();
    channel.image.for_each_in_slice(axis, n, [&](float v) { *to++ = normalization(v); });
  };
}

}  // namespace

AxisOrder network_order(const Geometry& scan, const ModelPlan& plan) {
  const AxisOrder oriented = plan.orientation.empty() ? AxisOrder{} : axis_order_for(scan, plan.orientation);
  AxisOrder order;
  // Array axis 0 is k.
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::size_t from = 2 - plan.transpose_forward[2 - axis];
    order.source_axis[axis] = oriented.source_axis[from];
    order.flipped[axis] = oriented.flipped[from];
  }
  return order;
}

Box3 reordered_box(const Box3& box, Int3 size, const AxisOrder& order) {
  Box3 result;
  for (int axis = 0; axis < 3; ++axis) {
    const int source = order.source_axis[axis];
    const bool flipped = order.flipped[axis];
    result.low[axis] = flipped ? size[source] - box.high[source] : box.low[source];
    result.high[axis] = flipped ? size[source] - box.low[source] : box.high[source];
  }
  return result;
}

PreprocessedCase preprocess(std::span<const CtVolume> channels, const ModelPlan& plan, Progress* progress) {
  check_channels(channels, plan);
  const Geometry& scan = channels.front().geometry();
  const Box3 stored_box = nonzero_box(channels);
  PreprocessedCase result;
  result.order = network_order(scan, plan);
  result.reordered = reorient(scan, result.order);
  result.crop = reordered_box(stored_box, scan.size, result.order);
  const GridPlan grid = plan_grid(result, plan);
  const ResizeRule rule = resize_rule(plan.image_resampling, grid);
  const std::optional<Mask> mask = uses_mask(plan) ? nonzero_mask(channels) : std::nullopt;
  const auto count = static_cast<std::int64_t>(channels.size());
  result.image = Tensor({1, count, grid.new_size.k, grid.new_size.j, grid.new_size.i});
  const auto voxels = static_cast<std::size_t>(grid.new_size.count());
  const IntensityProperties none;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    report(progress, "prepare", static_cast<double>(c) / static_cast<double>(count));
    ChannelView channel{
        view_of(channels[c], {}, stored_box), view_of(channels[c], result.order, result.crop), {}};
    if (mask && uses_mask(plan, c)) channel.mask = view_of(*mask, result.order, result.crop);
    const std::string& scheme = plan.normalization_schemes[c];
    HEPAR_EXPECT(scheme != "CTNormalization" || c < plan.intensities.size(), "no intensities for a channel");
    const Normalization normalization =
        normalization_of(scheme, c < plan.intensities.size() ? plan.intensities[c] : none, channel);
    resize(grid.size, normalized_slices(channel, normalization, rule.slice_axis.value_or(2)), grid.new_size,
           rule, std::span(result.image.values).subspan(c * voxels, voxels));
  }
  return result;
}

PreprocessedCase preprocess(const CtVolume& ct, const ModelPlan& plan, Progress* progress) {
  return preprocess(std::span(&ct, 1), plan, progress);
}

Geometry network_grid(const PreprocessedCase& prepared) {
  Geometry grid = box_geometry(prepared.reordered, prepared.crop);
  const Geometry field = grid;
  const TensorShape& shape = prepared.image.shape;
  grid.size = {shape.w, shape.h, shape.d};
  Vec3 first;
  for (int axis = 0; axis < 3; ++axis) {
    const double ratio = static_cast<double>(field.size[axis]) / static_cast<double>(grid.size[axis]);
    grid.spacing_mm[axis] = field.spacing_mm[axis] * ratio;
    first[axis] = ratio / 2 - 0.5;
  }
  grid.origin_mm = field.world_from_index(first);
  return grid;
}

}  // namespace hepar
