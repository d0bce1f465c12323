// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/preprocess.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/resample.h"

namespace hepar {
namespace {

AxisOrder order_for(const Geometry& scan, const ModelPlan& plan) {
  return plan.orientation.empty() ? AxisOrder{} : axis_order_for(scan, plan.orientation);
}

Geometry planned_grid(const Geometry& reoriented, const ModelPlan& plan) {
  return geometry_with_spacing(reoriented, {plan.spacing_mm[2], plan.spacing_mm[1], plan.spacing_mm[0]});
}

void check_normalization(const ModelPlan& plan) {
  if (plan.normalization_schemes.size() == 1 && plan.normalization_schemes[0] == "CTNormalization") return;
  throw Error(
      ErrorCode::kUnsupported,
      fmt::format("The model normalises {} channels, the first by {}; this version of Hepar prepares one CT "
                  "channel by CTNormalization.",
                  plan.normalization_schemes.size(),
                  plan.normalization_schemes.empty() ? "nothing" : plan.normalization_schemes[0]));
}

void normalize_ct(Volume<float>& image, const IntensityProperties& properties) {
  const auto low = static_cast<float>(properties.percentile_00_5);
  const auto high = static_cast<float>(properties.percentile_99_5);
  const auto mean = static_cast<float>(properties.mean);
  const auto sd = static_cast<float>(std::max(properties.std, 1e-8));
  const std::int64_t slice = image.size().i * image.size().j;
  parallel_for(image.size().k, [&](std::int64_t k) {
    for (float& v :
         image.voxels().subspan(static_cast<std::size_t>(k * slice), static_cast<std::size_t>(slice))) {
      v = (std::min(std::max(v, low), high) - mean) / sd;
    }
  });
}

}  // namespace

Geometry network_grid(const Geometry& scan, const ModelPlan& plan) {
  return planned_grid(reorient(scan, order_for(scan, plan)), plan);
}

PreprocessedCase preprocess(const CtVolume& ct, const ModelPlan& plan) {
  check_normalization(plan);
  const AxisOrder order = order_for(ct.geometry(), plan);
  Volume<float> reoriented = reorient(ct, order);
  normalize_ct(reoriented, plan.intensities.at(0));
  const Geometry grid = planned_grid(reoriented.geometry(), plan);
  return {resample(reoriented, grid, Interpolation::kCubic, 0), order, reoriented.geometry()};
}

LabelMap preprocess_labels(const LabelMap& labels, const ModelPlan& plan) {
  const LabelMap reoriented = reorient(labels, order_for(labels.geometry(), plan));
  const Geometry grid = planned_grid(reoriented.geometry(), plan);
  const std::set<std::uint8_t> present(reoriented.voxels().begin(), reoriented.voxels().end());
  LabelMap result(grid);
  for (const std::uint8_t label : present) {
    Volume<float> mask(reoriented.geometry());
    std::transform(reoriented.voxels().begin(), reoriented.voxels().end(), mask.voxels().begin(),
                   [label](std::uint8_t v) { return v == label ? 1.0F : 0.0F; });
    const Volume<float> share = resample(mask, grid, Interpolation::kLinear, 0);
    for (std::size_t v = 0; v < result.voxels().size(); ++v) {
      if (share.voxels()[v] >= 0.5F) result.voxels()[v] = label;
    }
  }
  return result;
}

}  // namespace hepar
