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
// A part apart from the largest one counts from this share of it on. The demo model's coarse finding has up
// to 8 stray parts on a real CT and 1 on phantoms, of 0.15 % at most; a lobe that a thin or missed bridge
// sets apart is more than 2 %, and a lesion nearer to the largest part than the margin is searched in any
// case.
constexpr double kSmallestPart = 0.02;
// Liver volume in mL is 706.2 x body surface in m2 + 2.4 (Urata et al., Hepatology 21:1317, 1995). Half of
// what that gives for 0.8 m2, a child of six, is less than any adult's; three times what it gives for
// 2.8 m2 is more than any liver with its tumours. Out of this range the whole scan is searched: it costs time
// only.
constexpr double kSmallestLiverMl = 280, kLargestLiverMl = 6000;

void drop_tiny_parts(Mask& found) {
  const ComponentRuns parts = find_components(found, 1);
  std::int64_t largest = 0;
  for (const Component& part : parts.components) largest = std::max(largest, part.voxels);
  for (const Component& part : parts.components) {
    if (static_cast<double>(part.voxels) >= kSmallestPart * static_cast<double>(largest)) continue;
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
