// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/coarse_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "hepar/imaging/connected_components.h"
#include "hepar/infer/label_finder.h"
#include "hepar/plan/preprocess.h"
#include "hepar/windows/predict_logits.h"
#include "hepar/windows/sliding_window.h"

namespace hepar {
namespace {

constexpr double kStep = 0.75;  // of a patch
// A part of the finding that is smaller, a ball of 12 mm, and apart from all else is dropped: a lesion of
// the liver lies in it or touches it, and what is nearer than the margin is searched in any case.
constexpr double kSmallestPartMl = 1;
// Liver volume in mL is 706.2 x body surface in m2 + 2.4 (Urata et al., Hepatology 21:1317, 1995). Half of
// what that gives for 0.8 m2, a child of six, is less than any adult's; three times what it gives for
// 2.8 m2 is more than any liver with its tumours. Out of this range the whole scan is searched: it costs time
// only.
constexpr double kSmallestLiverMl = 280, kLargestLiverMl = 6000;

void drop_tiny_parts(Mask& found) {
  const double voxel_ml = found.geometry().voxel_volume_ml();
  const ComponentRuns parts = find_components(found, 1);
  for (const Component& part : parts.components) {
    if (static_cast<double>(part.voxels) * voxel_ml >= kSmallestPartMl) continue;
    for (const VoxelRun& run : parts.runs_of(part))
      std::fill_n(found.voxels().begin() + run.first, run.length, std::uint8_t{0});
  }
}

std::string fault_of(const Mask& found) {
  const auto voxels = std::count(found.voxels().begin(), found.voxels().end(), std::uint8_t{1});
  if (voxels == 0) return "the coarse pass found no liver";
  const double ml = static_cast<double>(voxels) * found.geometry().voxel_volume_ml();
  if (ml >= kSmallestLiverMl && ml <= kLargestLiverMl) return {};
  return fmt::format("the coarse pass found a liver of {:.0f} mL, which is not between {:.0f} and {:.0f} mL",
                     ml, kSmallestLiverMl, kLargestLiverMl);
}

}  // namespace

ModelPlan half_resolution(const ModelPlan& plan) {
  ModelPlan coarse = plan;
  for (double& spacing_mm : coarse.spacing_mm) spacing_mm *= 2;
  return coarse;
}

CoarsePass find_coarsely(std::span<const CtVolume> channels, const ModelPlan& plan,
                         const DatasetLabels& labels, const FoldEngines& folds, std::span<const int> wanted,
                         Progress* progress) {
  const auto begin = std::chrono::steady_clock::now();
  const PreprocessedCase prepared = preprocess(channels, plan, progress);
  CoarsePass pass;
  pass.found = Mask(network_grid(prepared));
  const LabelFinder finder(labels, wanted);
  const auto plane = static_cast<std::size_t>(pass.found.size().i * pass.found.size().j);
  const TensorShape& shape = prepared.image.shape;
  pass.windows = SlidingWindows({shape.d, shape.h, shape.w}, plan.patch_size, kStep).count();
  predict_planes(
      prepared.image, folds, {.patch = plan.patch_size, .step_fraction = kStep},
      [&](std::int64_t d, std::span<const float> logits) {
        finder.find(logits, pass.found.voxels().subspan(static_cast<std::size_t>(d) * plane, plane));
      },
      progress);
  drop_tiny_parts(pass.found);
  pass.fault = fault_of(pass.found);
  pass.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return pass;
}

}  // namespace hepar
