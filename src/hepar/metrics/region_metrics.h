// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "hepar/volume/volume.h"

namespace hepar {

// One structure of a prediction against its reference. With both empty, dsc and all distances are
// undefined; with one empty, dsc is 0 and the distances are undefined. The distances are those of
// SurfaceMetrics, see surface_distance.h.
struct RegionMetrics {
  std::optional<double> dsc;
  std::optional<double> hd_mm, hd95_mm, hd95_pooled_mm, hd95_area_weighted_mm, assd_mm;
  std::optional<double> volume_ml, reference_ml;  // of the prediction and of the reference; always set
};

// The structure is all voxels with one of these labels, together. Throws Error(kInvalidInput) naming the
// difference when the two maps are not on the same grid.
RegionMetrics evaluate_region(const LabelMap& prediction, const LabelMap& reference,
                              std::span<const std::uint8_t> labels);

}  // namespace hepar
