// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/region_metrics.h"

#include <algorithm>
#include <array>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/box.h"
#include "hepar/metrics/overlap.h"
#include "hepar/metrics/surface_distance.h"

namespace hepar {
namespace {

std::optional<Box3> box_of_labels(const LabelMap& map, std::span<const std::uint8_t> labels) {
  std::optional<Box3> box;
  for (const std::uint8_t label : labels) {
    const auto of_label = bounding_box(map, label);
    if (!of_label) continue;
    box = enclosing_box(box.value_or(*of_label), *of_label);
  }
  return box;
}

// The labels' mask within a box.
Mask mask_in_box(const LabelMap& map, const Box3& box, std::span<const std::uint8_t> labels) {
  Mask mask = crop(map, box);
  std::array<std::uint8_t, 256> inside{};
  for (const std::uint8_t label : labels) inside[label] = 1;
  const std::int64_t slice = mask.size().i * mask.size().j;
  parallel_for(mask.size().k, [&](std::int64_t k) {
    std::uint8_t* const voxels = &mask[{0, 0, k}];
    for (std::int64_t n = 0; n < slice; ++n) voxels[n] = inside[voxels[n]];
  });
  return mask;
}

double volume_ml(const Mask& mask) {
  const auto voxels = std::count(mask.voxels().begin(), mask.voxels().end(), std::uint8_t{1});
  return static_cast<double>(voxels) * mask.geometry().voxel_volume_ml();
}

}  // namespace

RegionMetrics evaluate_region(const LabelMap& prediction, const LabelMap& reference,
                              std::span<const std::uint8_t> labels) {
  if (const auto difference = grid_difference(prediction.geometry(), reference.geometry())) {
    throw Error(ErrorCode::kInvalidInput, "the prediction is not on the reference's grid: " + *difference +
                                              "; resample one of them first");
  }
  RegionMetrics metrics;
  metrics.volume_ml = metrics.reference_ml = 0;
  const auto a = box_of_labels(prediction, labels), b = box_of_labels(reference, labels);
  if (!a && !b) return metrics;
  const Box3 box = enclosing_box(a ? *a : *b, b ? *b : *a);
  const Mask predicted = mask_in_box(prediction, box, labels), truth = mask_in_box(reference, box, labels);
  metrics.volume_ml = volume_ml(predicted);
  metrics.reference_ml = volume_ml(truth);
  metrics.dsc = dice(predicted, truth);
  if (const auto surface = surface_metrics(predicted, truth)) {
    metrics.hd_mm = surface->hd_mm;
    metrics.hd95_mm = surface->hd95_mm;
    metrics.hd95_pooled_mm = surface->hd95_pooled_mm;
    metrics.hd95_area_weighted_mm = surface->hd95_area_weighted_mm;
    metrics.assd_mm = surface->assd_mm;
  }
  return metrics;
}

}  // namespace hepar
