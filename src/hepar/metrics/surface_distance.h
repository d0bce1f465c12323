// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "hepar/volume/volume.h"

namespace hepar {

// Distances in mm from each surface voxel of one mask to the nearest surface voxel of the other, in scan
// order. Surface voxels are those of the mask with a face neighbour outside it; beyond the image all is
// outside. Positions are voxel centres.
struct SurfaceDistances {
  std::vector<double> from_prediction_mm, from_reference_mm;
};

// The same between surface elements: they lie at the corners of voxels whose eight voxels are not all
// alike, and weigh by the surface they hold, see surface_area.h. The convention of DeepMind's
// surface-distance library: Nikolov et al., J. Med. Internet Res. 23(7):e26151, 2021.
struct WeightedDistances {
  std::vector<double> distances_mm, areas_mm2;
};
struct SurfaceElementDistances {
  WeightedDistances from_prediction, from_reference;
};

struct SurfaceMetrics {
  double hd_mm = 0;                  // the largest of all surface voxel distances
  double hd95_mm = 0;                // the larger of the two directed 95th percentiles
  double hd95_pooled_mm = 0;         // the 95th percentile of both directions together
  double hd95_area_weighted_mm = 0;  // the larger of the two area-weighted 95th percentiles of elements
  double assd_mm = 0;                // the mean over both directions together
  double rmsd_mm = 0;                // the root mean square over both directions together
  double surface_dice = 0;           // the share of both surfaces' area that lies within the tolerance
};

// No tolerance of the surface Dice fits all. 2 mm is what the FLARE 2023 challenge takes for tumours; for the
// liver it takes 5 mm (FLARE23_DSC_NSD_Eval.py of JunMa11/FLARE).
inline constexpr double kSurfaceToleranceMm = 2.0;

// A distance counts as within a tolerance up to this much beyond it, so that spacings that a file rounds to
// single precision do not decide.
inline constexpr double kToleranceSlackMm = 1e-6;

// All take masks (any value but 0 is inside) of one size and give nothing when either is empty. Memory is
// about 8 bytes per voxel of the box around both masks and 40 per surface voxel. Distances are exact; time:
// squared_distances_mm2 (distance.h).
std::optional<SurfaceDistances> surface_distances(const Mask& prediction, const Mask& reference);
std::optional<SurfaceElementDistances> surface_element_distances(const Mask& prediction,
                                                                 const Mask& reference);

// Percentiles of voxel distances interpolate linearly between order statistics, as numpy's default does.
std::optional<SurfaceMetrics> surface_metrics(const Mask& prediction, const Mask& reference,
                                              double tolerance_mm = kSurfaceToleranceMm);

// The smallest distance up to which lies at least `percent` of the area.
double weighted_percentile(const WeightedDistances& distances, double percent);

// The area of both surfaces within the tolerance of the other, divided by the area of both.
double surface_dice(const SurfaceElementDistances& distances, double tolerance_mm);

}  // namespace hepar
