// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "hepar/metrics/surface_distance.h"
#include "hepar/volume/volume.h"

namespace hepar {

struct MetricOptions {
  double surface_tolerance_mm = kSurfaceToleranceMm;  // of surface_dice
  double path_tolerance_mm = 0;                       // of added_path_length_mm; 0 as published
};

// One structure of a prediction (P) against its reference (R). What is undefined is empty, never NaN. Source,
// unit and exact definition of each: metric_table.h. What empty masks give, in the comments: both; only P;
// only R ("-" undefined).
struct RegionMetrics {
  std::optional<double> dsc;                                                    // -; 0; 0
  std::optional<double> jaccard;                                                // -; 0; 0
  std::optional<double> voe;                                                    // 1 - jaccard; -; 1; 1
  std::optional<double> rvd;                                                    // (P - R) / R; -; -; -1
  std::optional<double> hd_mm, hd95_mm, hd95_pooled_mm, hd95_area_weighted_mm;  // -; -; -
  std::optional<double> assd_mm, rmsd_mm;                                       // -; -; -
  std::optional<double> surface_dice;                                           // -; 0; 0
  std::optional<double> added_path_length_mm;                                   // 0; 0; all of R's contour
  std::optional<double> centroid_distance_mm;                      // between the centres of mass; -; -; -
  std::optional<double> volume_ml, reference_ml, volume_error_ml;  // P, R and P - R; always set
  std::int64_t prediction_voxels = 0, reference_voxels = 0, common_voxels = 0;
};

// The structure is all voxels with one of these labels, none of them the background, together. Throws
// Error(kInvalidInput) naming the difference when the two maps are not on the same grid, and for a tolerance
// that is negative or not finite; Error(kUnsupported) when the structure spans more than 16383 slices.
RegionMetrics evaluate_region(const LabelMap& prediction, const LabelMap& reference,
                              std::span<const std::uint8_t> labels, const MetricOptions& options = {});

}  // namespace hepar
