// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/experiment_planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hepar/core/error.h"
#include "hepar/plan/numpy_statistics.h"
#include "hepar/plan/planner_preset.h"
#include "hepar/plan/plans_json.h"
#include "hepar/plan/resampling.h"

namespace hepar {
namespace {

using Sizes = std::vector<double>;  // one value per axis: 2 or 3

constexpr double kAnisotropy = 3;           // ANISO_THRESHOLD
constexpr double kLowresBelow = 0.25;       // lowres_creation_threshold
constexpr double kLowresStep = 1.03;        // spacing_increase_factor
constexpr std::int64_t kBaseFeatures = 32;  // UNet_base_num_features
constexpr std::int64_t kMinBatch = 2;       // UNet_min_batch_size

double product(const Sizes& values) {
  return std::accumulate(values.begin(), values.end(), 1.0, std::multiplies<>());
}
double product(const AxisSizes& values) { return product(Sizes(values.begin(), values.end())); }

// Python's round(): half to even.
double rounded(double value) { return std::nearbyint(value); }

template <class Rows>
std::vector<double> column(const Rows& rows, std::size_t axis) {
  std::vector<double> values;
  for (const auto& row : rows) values.push_back(static_cast<double>(row[axis]));
  return values;
}

// determine_fullres_target_spacing: the median, but the 10th percentile along an axis that is coarse and
// short.
std::array<double, 3> target_spacing(const Fingerprint& fingerprint) {
  std::array<double, 3> target{}, size{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    target[axis] = numpy_percentile(column(fingerprint.spacings_mm, axis), 50);
    size[axis] = numpy_percentile(column(fingerprint.shapes_after_crop, axis), 50);
  }
  const auto worst =
      static_cast<std::size_t>(std::max_element(target.begin(), target.end()) - target.begin());
  const std::size_t one = worst == 0 ? 1 : 0, other = worst == 2 ? 1 : 2;
  const double coarsest_other = std::max(target[one], target[other]);
  if (target[worst] > kAnisotropy * coarsest_other &&
      size[worst] * kAnisotropy < std::min(size[one], size[other])) {
    target[worst] = numpy_percentile(column(fingerprint.spacings_mm, worst), 10);
    if (target[worst] < coarsest_other) target[worst] = coarsest_other + 1e-5;
  }
  return target;
}

std::array<std::size_t, 3> coarsest_first(const std::array<double, 3>& spacing) {
  const auto first =
      static_cast<std::size_t>(std::max_element(spacing.begin(), spacing.end()) - spacing.begin());
  return {first, first == 0 ? std::size_t{1} : 0, first == 2 ? std::size_t{1} : 2};
}

// Of the images at that spacing.
std::array<double, 3> median_size(const Fingerprint& fingerprint, const std::array<double, 3>& spacing) {
  std::vector<Kernel3> sizes;
  for (std::size_t n = 0; n < fingerprint.spacings_mm.size(); ++n) {
    sizes.push_back(resampled_size(fingerprint.shapes_after_crop[n], fingerprint.spacings_mm[n], spacing));
  }
  return {numpy_median(column(sizes, 0)), numpy_median(column(sizes, 1)), numpy_median(column(sizes, 2))};
}

// What all configurations of a plan share.
struct Planner {
  const PresetRules& rules;
  double gpu_memory_gb;
  std::int64_t heads;  // nnU-Net's estimate counts every entry of "labels"
};

// A patch of the volume 256^3 (2048^2) with the aspect that makes it cubic in millimetres, but not beyond the
// median image.
Sizes first_patch(const Sizes& spacing, const Sizes& median) {
  const auto axes = static_cast<double>(spacing.size());
  Sizes patch;
  for (const double mm : spacing) patch.push_back(1 / mm);
  const double volume = axes == 3 ? 256.0 * 256 * 256 : 2048.0 * 2048;
  const double scale = std::pow(volume / product(patch), 1 / axes);
  for (std::size_t axis = 0; axis < patch.size(); ++axis) {
    patch[axis] = std::min(rounded(patch[axis] * scale), median[axis]);
  }
  return patch;
}

NetworkWidth width_of(const NetworkTopology& topology, const Planner& planner) {
  const std::size_t stages = topology.strides.size();
  const std::int64_t most = topology.patch_size.size() == 2 ? 512 : 320;  // UNet_max_features_2d, _3d
  NetworkWidth width{.network_class = planner.rules.network_class,
                     .features = {},
                     .encoder_blocks = {},
                     .decoder_convs = std::vector<std::int64_t>(stages - 1, planner.rules.decoder_convs),
                     .heads = planner.heads};
  for (std::size_t stage = 0; stage < stages; ++stage) {
    width.features.push_back(stage == 0 ? kBaseFeatures : std::min(most, 2 * width.features.back()));
    width.encoder_blocks.push_back(planner.rules.encoder_blocks[std::min<std::size_t>(stage, 3)]);
  }
  return width;
}

// The next smaller patch: less along the axis that is largest relative to the median image, the last of such.
NetworkTopology smaller(const NetworkTopology& topology, const Sizes& spacing, const Sizes& median) {
  Sizes patch(topology.patch_size.begin(), topology.patch_size.end());
  std::size_t axis = 0;
  for (std::size_t other = 1; other < patch.size(); ++other) {
    if (patch[other] / median[other] >= patch[axis] / median[axis]) axis = other;
  }
  // A patch smaller by the divisor may be pooled less often; its own divisor is the step then.
  Sizes trial = patch;
  trial[axis] -= static_cast<double>(topology.divisor[axis]);
  patch[axis] -= static_cast<double>(plan_topology(spacing, trial).divisor[axis]);
  return plan_topology(spacing, patch);
}

// get_plans_for_configuration.
PlannedConfiguration plan_configuration(const Planner& planner, const std::string& name, const Sizes& spacing,
                                        const Sizes& median, double dataset_voxels) {
  const auto& reference = spacing.size() == 2 ? planner.rules.reference_2d : planner.rules.reference_3d;
  const double allowed = reference.feature_map_size * (planner.gpu_memory_gb / planner.rules.gpu_memory_gb);
  // The plain planner asks whether a batch of two fits; the residual one takes no account of the batch.
  const auto exceeds = [&](double estimate) {
    const bool is_plain = planner.rules.network_class == NetworkClass::kPlainConvUNet;
    return (is_plain ? estimate / reference.batch_size * 2 : estimate) > allowed;
  };
  PlannedConfiguration plan{
      .name = name, .spacing_mm = spacing, .median_size = median, .topology = {}, .width = {}};
  plan.topology = plan_topology(spacing, first_patch(spacing, median));
  plan.width = width_of(plan.topology, planner);
  auto estimate = static_cast<double>(feature_map_size(plan.topology, plan.width));
  while (exceeds(estimate)) {
    plan.topology = smaller(plan.topology, spacing, median);
    plan.width = width_of(plan.topology, planner);
    estimate = static_cast<double>(feature_map_size(plan.topology, plan.width));
  }
  const double patch_voxels = product(plan.topology.patch_size);
  if (patch_voxels < 1) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("no {} network fits {} GB of GPU memory by nnU-Net's measure; allow more", name,
                            planner.gpu_memory_gb));
  }
  const double fitting = rounded(allowed / estimate * reference.batch_size);
  const double covering = rounded(dataset_voxels * planner.rules.dataset_covered / patch_voxels);
  plan.batch_size = std::max(static_cast<std::int64_t>(std::min(fitting, covering)), kMinBatch);
  plan.gpu_memory_gb = planner.rules.gpu_memory_gb * estimate * static_cast<double>(plan.batch_size) /
                       (reference.feature_map_size * reference.batch_size);
  return plan;
}

// The 3d_lowres configuration, when the full resolution's patch sees too little of an image: spacings grow,
// the finest first, until a patch sees enough. None when images have shrunk by less than half then.
std::optional<PlannedConfiguration> plan_lowres(const Planner& planner, const PlannedConfiguration& fullres,
                                                double training_cases) {
  std::optional<PlannedConfiguration> plan;
  Sizes spacing = fullres.spacing_mm;
  const double fullres_voxels = product(fullres.median_size);
  double image_voxels = fullres_voxels;
  double patch_voxels = product(fullres.topology.patch_size);
  while (patch_voxels / image_voxels < kLowresBelow) {
    const double coarsest = *std::max_element(spacing.begin(), spacing.end());
    const auto is_fine = [&](double mm) { return coarsest / mm > 2; };
    const bool are_similar = std::none_of(spacing.begin(), spacing.end(), is_fine);
    Sizes size, whole_size;
    for (std::size_t axis = 0; axis < spacing.size(); ++axis) {
      if (are_similar || is_fine(spacing[axis])) spacing[axis] *= kLowresStep;
      size.push_back(fullres.spacing_mm[axis] / spacing[axis] * fullres.median_size[axis]);
      whole_size.push_back(rounded(size.back()));
    }
    image_voxels = product(size);
    plan = plan_configuration(planner, "3d_lowres", spacing, whole_size, image_voxels * training_cases);
    patch_voxels = product(plan->topology.patch_size);
  }
  if (fullres_voxels / image_voxels < 2) plan.reset();
  return plan;
}

Planner make_planner(const Fingerprint& fingerprint, const DatasetFacts& dataset,
                     const PlannerOptions& options) {
  const PresetRules& rules = rules_of(options.preset);
  const Planner planner{rules, options.gpu_memory_gb.value_or(rules.gpu_memory_gb), dataset.label_entries};
  if (!(planner.gpu_memory_gb > 0) || !std::isfinite(planner.gpu_memory_gb)) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} GB of GPU memory is not a positive amount", planner.gpu_memory_gb));
  }
  if (fingerprint.intensities.size() != dataset.channel_names.size()) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("the fingerprint has {} channels, dataset.json names {}; make the fingerprint again",
                    fingerprint.intensities.size(), dataset.channel_names.size()));
  }
  return planner;
}

}  // namespace

ExperimentPlan plan_experiment(const Fingerprint& fingerprint, const DatasetFacts& dataset,
                               const PlannerOptions& options) {
  const Planner planner = make_planner(fingerprint, dataset, options);
  const std::array<double, 3> target = target_spacing(fingerprint);
  const std::array<double, 3> median = median_size(fingerprint, target);
  ExperimentPlan plan{
      .plans_name = options.plans_name.empty() ? planner.rules.plans_name : options.plans_name,
      .transpose_forward = coarsest_first(target),
      .configurations = {},
      .plans_json = {}};
  Sizes spacing, size;
  for (const std::size_t axis : plan.transpose_forward) {
    spacing.push_back(target[axis]);
    size.push_back(median[axis]);
  }
  const auto cases = static_cast<double>(dataset.training_cases);
  const double dataset_voxels = product(size) * cases;
  plan.configurations.push_back(plan_configuration(planner, "2d", {spacing.begin() + 1, spacing.end()},
                                                   {size.begin() + 1, size.end()}, dataset_voxels));
  if (size.front() != 1) {
    PlannedConfiguration fullres = plan_configuration(planner, "3d_fullres", spacing, size, dataset_voxels);
    auto lowres = plan_lowres(planner, fullres, cases);
    fullres.batch_dice = lowres.has_value();
    if (lowres) {
      lowres->batch_dice = false;
      plan.configurations.push_back(std::move(*lowres));
    }
    plan.configurations.push_back(std::move(fullres));
  }
  plan.plans_json = plans_json(plan, fingerprint, dataset, planner.rules);
  return plan;
}

}  // namespace hepar
