// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/region_metrics.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/metrics/added_path_length.h"
#include "hepar/metrics/overlap.h"
#include "hepar/metrics/region_mask.h"

namespace hepar {
namespace {

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
  check_tolerance(options.surface_tolerance_mm, "surface Dice");
  check_tolerance(options.path_tolerance_mm, "added path length");
  RegionMetrics metrics;
  add_overlap_metrics({}, 0, metrics);
  metrics.added_path_length_mm = 0;
  const auto masks = region_masks(prediction, reference, labels);
  if (!masks) return metrics;
  const auto& [predicted, truth] = *masks;
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
