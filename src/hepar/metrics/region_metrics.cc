// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/region_metrics.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/box.h"
#include "hepar/metrics/added_path_length.h"
#include "hepar/metrics/overlap.h"

namespace hepar {
namespace {

// The labels' mask within a box.
Mask mask_in_box(const LabelMap& map, const Box3& box, std::span<const std::uint8_t> labels) {
  Mask mask = crop(map, box);
  std::array<std::uint8_t, 256> inside{};
  for (const std::uint8_t label : labels) inside[label] = 1;
  inside[0] = 0;
  const std::int64_t slice = mask.size().i * mask.size().j;
  parallel_for(mask.size().k, [&](std::int64_t k) {
    std::uint8_t* const voxels = &mask[{0, 0, k}];
    for (std::int64_t n = 0; n < slice; ++n) voxels[n] = inside[voxels[n]];
  });
  return mask;
}

// The centre of mass of a mask of 0 and 1 that is not empty.
Vec3 centroid_mm(const Mask& mask, std::int64_t voxels) {
  const Int3 size = mask.size();
  std::vector<Int3> sums(static_cast<std::size_t>(size.k));
  parallel_for(size.k, [&](std::int64_t k) {
    Int3 sum;
    for (std::int64_t j = 0; j < size.j; ++j) {
      const std::uint8_t* const row = &mask[{0, j, k}];
      std::int64_t count = 0, first = 0;
      for (std::int64_t i = 0; i < size.i; ++i) count += row[i], first += row[i] * i;
      sum = sum + Int3{first, count * j, count * k};
    }
    sums[static_cast<std::size_t>(k)] = sum;
  });
  Int3 all;
  for (const Int3& sum : sums) all = all + sum;
  return mask.geometry().world_from_index((1 / static_cast<double>(voxels)) * to_vec(all));
}

void check_tolerance(double tolerance_mm, const char* which) {
  if (std::isfinite(tolerance_mm) && tolerance_mm >= 0) return;
  throw Error(ErrorCode::kInvalidInput,
              fmt::format("the tolerance of the {} is {} mm; give one from 0 mm on", which, tolerance_mm));
}

void add_overlap_metrics(const Overlap& overlap, double voxel_ml, RegionMetrics& metrics) {
  metrics.prediction_voxels = overlap.prediction;
  metrics.reference_voxels = overlap.reference;
  metrics.common_voxels = overlap.common;
  metrics.dsc = dice(overlap);
  metrics.jaccard = jaccard(overlap);
  if (metrics.jaccard) metrics.voe = 1 - *metrics.jaccard;
  metrics.rvd = relative_volume_difference(overlap);
  metrics.volume_ml = static_cast<double>(overlap.prediction) * voxel_ml;
  metrics.reference_ml = static_cast<double>(overlap.reference) * voxel_ml;
  metrics.volume_error_ml = static_cast<double>(overlap.prediction - overlap.reference) * voxel_ml;
}

void add_surface_metrics(const SurfaceMetrics& surface, RegionMetrics& metrics) {
  metrics.hd_mm = surface.hd_mm;
  metrics.hd95_mm = surface.hd95_mm;
  metrics.hd95_pooled_mm = surface.hd95_pooled_mm;
  metrics.hd95_area_weighted_mm = surface.hd95_area_weighted_mm;
  metrics.assd_mm = surface.assd_mm;
  metrics.rmsd_mm = surface.rmsd_mm;
  metrics.surface_dice = surface.surface_dice;
}

}  // namespace

RegionMetrics evaluate_region(const LabelMap& prediction, const LabelMap& reference,
                              std::span<const std::uint8_t> labels, const MetricOptions& options) {
  if (const auto difference = grid_difference(prediction.geometry(), reference.geometry())) {
    throw Error(ErrorCode::kInvalidInput, "the prediction is not on the reference's grid: " + *difference +
                                              "; resample one of them first");
  }
  check_tolerance(options.surface_tolerance_mm, "surface Dice");
  check_tolerance(options.path_tolerance_mm, "added path length");
  RegionMetrics metrics;
  add_overlap_metrics({}, 0, metrics);
  metrics.added_path_length_mm = 0;
  const auto a = bounding_box(prediction), b = bounding_box(reference);
  if (!a && !b) return metrics;
  // With the margin that surface_metrics wants, so that it need not copy the masks.
  const Box3 around = enclosing_box(a ? *a : *b, b ? *b : *a);
  const Box3 box{around.low - Int3{1, 1, 1}, around.high + Int3{1, 1, 1}};
  const Mask predicted = mask_in_box(prediction, box, labels), truth = mask_in_box(reference, box, labels);
  const Overlap overlap = count_overlap(predicted, truth);
  add_overlap_metrics(overlap, truth.geometry().voxel_volume_ml(), metrics);
  metrics.added_path_length_mm = added_path_length_mm(predicted, truth, options.path_tolerance_mm);
  if (const auto surface = surface_metrics(predicted, truth, options.surface_tolerance_mm)) {
    add_surface_metrics(*surface, metrics);
    metrics.centroid_distance_mm =
        (centroid_mm(predicted, overlap.prediction) - centroid_mm(truth, overlap.reference)).norm();
  } else if (metrics.dsc) {
    metrics.surface_dice = 0;
  }
  return metrics;
}

}  // namespace hepar
