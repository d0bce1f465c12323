// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/patch_sampling.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "hepar/core/error.h"

namespace hepar {
namespace {

constexpr double kMostAnisotropic = 3;  // nnU-Net's ANISO_THRESHOLD: longest side / side along d
constexpr double kMostElongated = 1.5;  // longest / shortest side of a 2d patch
constexpr double kEnlargement = 0.85;   // the smallest scale that the initial patch allows for
constexpr double kDegree = std::numbers::pi / 180;

double rotation_limit(const ModelPlan& plan, const AugmentationRecipe& recipe, bool in_plane) {
  if (recipe.rotation_chance <= 0) return 0;
  const bool is_nnunets = recipe.rotation_deg == AugmentationRecipe().rotation_deg;
  if (!in_plane || !is_nnunets) return recipe.rotation_deg * kDegree;
  if (!plan.two_dimensional) return 180 * kDegree;
  const auto [shortest, longest] = std::minmax(plan.patch_size[1], plan.patch_size[2]);
  const double elongation = static_cast<double>(longest) / static_cast<double>(shortest);
  return (elongation > kMostElongated ? 15 : 180) * kDegree;
}

// Where a patch may start along one axis, both included. It reaches beyond the case by half of what the
// initial patch is larger than the final one, so that the final one stays inside.
struct StartRange {
  std::int64_t low, high;
};
StartRange start_range(std::int64_t size, std::int64_t initial, std::int64_t final_size) {
  const std::int64_t pad = std::max(initial - final_size, initial - size);
  return {-((pad + 1) / 2), size + pad / 2 + pad % 2 - initial};
}

std::size_t draw_index(std::size_t count, Random& random) {
  return static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(count) - 1));
}

// The class whose voxel the patch must show, if any. With an ignore label the last one is all that is
// annotated, which stands in for foreground only where there is none.
std::optional<std::size_t> draw_class(const TrainingCase& source, bool has_ignore_label, bool foreground,
                                      Random& random) {
  std::vector<std::size_t> eligible;
  const std::size_t real_classes = source.class_count() - (has_ignore_label ? 1 : 0);
  for (std::size_t n = 0; foreground && n < real_classes; ++n) {
    if (source.location_count(n) > 0) eligible.push_back(n);
  }
  const bool is_annotated = has_ignore_label && source.location_count(real_classes) > 0;
  if (eligible.empty() && is_annotated) return real_classes;
  if (eligible.empty()) return {};
  return eligible[draw_index(eligible.size(), random)];
}

}  // namespace

Kernel3 initial_patch_size(const Kernel3& final_size, double rotation_limit_rad, bool in_plane) {
  const double angle = std::min(rotation_limit_rad, std::numbers::pi / 2);
  Kernel3 initial{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto own = static_cast<double>(final_size[axis]);
    double reach = own;
    // Turned about one axis, a corner's other coordinates a and b become a cos + b sin and b cos - a sin.
    const auto next = static_cast<double>(final_size[(axis + 1) % 3]);
    const auto previous = static_cast<double>(final_size[(axis + 2) % 3]);
    reach = std::max(reach, own * std::cos(angle) + next * std::sin(angle));
    reach = std::max(reach, std::abs(own * std::cos(angle) - previous * std::sin(angle)));
    initial[axis] = static_cast<std::int64_t>(reach / kEnlargement);
  }
  if (in_plane) initial[0] = final_size[0];
  return initial;
}

PatchGeometry training_geometry(const ModelPlan& plan, const AugmentationRecipe& recipe) {
  PatchGeometry geometry;
  geometry.final_size = geometry.initial_size = plan.patch_size;
  const double longest =
      static_cast<double>(*std::max_element(plan.patch_size.begin(), plan.patch_size.end()));
  geometry.in_plane =
      plan.two_dimensional || longest / static_cast<double>(plan.patch_size[0]) > kMostAnisotropic;
  geometry.rotation_limit_rad = rotation_limit(plan, recipe, geometry.in_plane);
  if (recipe.rotation_chance > 0 || recipe.scaling_chance > 0) {
    geometry.initial_size =
        initial_patch_size(plan.patch_size, geometry.rotation_limit_rad, geometry.in_plane);
  }
  return geometry;
}

bool shows_foreground(std::int64_t sample, std::int64_t batch, double oversample_foreground) {
  // As Python rounds: halves to the even number.
  return static_cast<double>(sample) >=
         std::nearbyint(static_cast<double>(batch) * (1 - oversample_foreground));
}

Kernel3 draw_patch_start(const TrainingCase& source, const DatasetLabels& labels,
                         const PatchGeometry& geometry, bool foreground, Random random) {
  Kernel3 start{};
  const auto chosen = draw_class(source, labels.ignore_label.has_value(), foreground, random);
  std::int64_t voxel =
      chosen ? source.location(*chosen, draw_index(source.location_count(*chosen), random)) : 0;
  for (std::size_t axis = 3; axis-- > 0;) {
    const std::int64_t size = source.size()[axis];
    const std::int64_t initial = geometry.initial_size[axis];
    const StartRange range = start_range(size, initial, geometry.final_size[axis]);
    start[axis] =
        chosen ? std::max(range.low, voxel % size - initial / 2) : random.integer(range.low, range.high);
    voxel /= size;
  }
  return start;
}

}  // namespace hepar
