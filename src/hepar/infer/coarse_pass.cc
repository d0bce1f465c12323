// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/coarse_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "hepar/imaging/connected_components.h"
#include "hepar/infer/label_finder.h"
#include "hepar/plan/preprocess.h"
#include "hepar/windows/predict_logits.h"
#include "hepar/windows/sliding_window.h"

namespace hepar {
namespace {

constexpr double kStep = 0.75;  // of a patch
// How much a network's voxels may be enlarged so that it still knows the liver. Dice of the demo model's
// coarse finding: on phantoms 0.95 to 0.97 at 1.5 and 0.91 to 0.94 at 2; on a real CT 0.91 at 1.5, but 0.02
// at 2.
constexpr double kCoarsening = 1.5;
// A part apart from the largest one, and without a lesion, counts from this share of it on. The demo model's
// coarse finding has up to 8 stray parts on a real CT and 1 on phantoms, of 0.15 % at most; a lobe that a
// thin or missed bridge sets apart is more than 2 %.
constexpr double kSmallestPart = 0.02;
// Liver volume in mL is 706.2 x body surface in m2 + 2.4 (Urata et al., Hepatology 21:1317, 1995). Half of
// what that gives for 0.8 m2, a child of six, is less than any adult's; three times what it gives for
// 2.8 m2 is more than any liver with its tumours. Out of this range the whole scan is searched: it costs time
// only.
constexpr double kSmallestLiverMl = 280, kLargestLiverMl = 6000;

bool any_in(const Mask& mask, std::span<const VoxelRun> runs) {
  return std::any_of(runs.begin(), runs.end(), [&](const VoxelRun& run) {
    const auto first = mask.voxels().begin() + run.first;
    return std::find(first, first + run.length, std::uint8_t{1}) != first + run.length;
  });
}

void drop_tiny_parts(CoarsePass& pass, const Mask& lesions) {
  const ComponentRuns parts = find_components(pass.found, 1);
  const double voxel_ml = pass.found.geometry().voxel_volume_ml();
  std::int64_t largest = 0;
  for (const Component& part : parts.components) largest = std::max(largest, part.voxels);
  for (const Component& part : parts.components) {
    const auto runs = parts.runs_of(part);
    const double ml = static_cast<double>(part.voxels) * voxel_ml;
    if (ml >= kSmallestPart * static_cast<double>(largest) * voxel_ml || any_in(lesions, runs)) {
      pass.found_ml += ml;
      continue;
    }
    ++pass.dropped_parts;
    pass.dropped_ml += ml;
    for (const VoxelRun& run : runs)
      std::fill_n(pass.found.voxels().begin() + run.first, run.length, std::uint8_t{0});
  }
}

std::string fault_of(double ml) {
  if (ml == 0) return "the coarse pass found no liver";
  if (is_liver_volume(ml)) return {};
  return fmt::format("the coarse pass found a liver of {:.0f} mL, which is not between {}", ml,
                     liver_volume_range());
}

}  // namespace

bool is_liver_volume(double ml) { return ml >= kSmallestLiverMl && ml <= kLargestLiverMl; }

std::string liver_volume_range() {
  return fmt::format("{:.0f} and {:.0f} mL", kSmallestLiverMl, kLargestLiverMl);
}

ModelPlan coarsened(const ModelPlan& plan) {
  ModelPlan coarse = plan;
  for (double& spacing_mm : coarse.spacing_mm) spacing_mm *= kCoarsening;
  return coarse;
}

std::int64_t coarse_window_count(const Kernel3& size, const ModelPlan& plan) {
  Kernel3 coarse;
  for (std::size_t axis = 0; axis < 3; ++axis)
    coarse[axis] = std::max<std::int64_t>(1, std::llround(static_cast<double>(size[axis]) / kCoarsening));
  return SlidingWindows(coarse, plan.patch_size, kStep).count();
}

CoarsePass find_coarsely(std::span<const CtVolume> channels, const ModelPlan& plan,
                         const DatasetLabels& labels, const FoldEngines& folds, const WantedLabels& wanted,
                         Progress* progress) {
  const auto begin = std::chrono::steady_clock::now();
  const PreprocessedCase prepared = preprocess(channels, plan, progress);
  CoarsePass pass;
  pass.found = Mask(network_grid(prepared));
  Mask lesions(pass.found.geometry());
  const LabelFinder finder(labels, wanted.all()), lesion_finder(labels, wanted.lesions);
  const auto plane = static_cast<std::size_t>(pass.found.size().i * pass.found.size().j);
  const TensorShape& shape = prepared.image.shape;
  pass.windows = SlidingWindows({shape.d, shape.h, shape.w}, plan.patch_size, kStep).count();
  predict_planes(
      prepared.image, folds, {.patch = plan.patch_size, .step_fraction = kStep},
      [&](std::int64_t d, std::span<const float> logits) {
        const std::size_t first = static_cast<std::size_t>(d) * plane;
        finder.find(logits, pass.found.voxels().subspan(first, plane));
        lesion_finder.find(logits, lesions.voxels().subspan(first, plane));
      },
      progress);
  drop_tiny_parts(pass, lesions);
  pass.fault = fault_of(pass.found_ml);
  pass.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return pass;
}

}  // namespace hepar
