// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hepar/lesion/lesion_patch.h"
#include "hepar/lesion/liver_reference.h"

namespace hepar {

// The mean HU across the border of a region, by the distance d from the contour (inside positive):
//   h(d) = core + (surroundings - core) * Phi((offset - d) / width),
// a step blurred by a Gaussian point spread; Phi is the standard normal distribution.
struct EdgeFit {
  double core_hu = 0, surroundings_hu = 0;
  double offset_mm = 0;  // so far inside the contour lies the step; negative: outside
  double width_mm = 0;   // SD; the scan's point spread for a sharp border
  double pixel_mm = 0;   // of the grid that the contour lies on
  double error_mm = 0;   // standard error of the offset, by the noise and its correlation
};

// What can be measured of one region beside the fit to all of its voxels. Distances are in the plane of the
// slices; where the region has enough slices only those count that go on 2 mm above and below, which keeps
// the slice profile's partial volume out.
struct RegionEvidence {
  double diameter_mm = 0;  // of the ball of the same volume
  // 1 for an ellipsoid's volume within its own second moments and equal axes, less for lobes and flat shapes.
  double roundness = 0;
  std::vector<float> interior_hu;    // the interior's voxels themselves
  std::int64_t interior_voxels = 0;  // 2 mm, or half the greatest depth, inside the contour
  std::optional<double> interior_mean_hu, interior_std_hu;
  double interior_error_hu =
      0;  // standard error of the mean, from the noise and its correlation; 0 without a mean
  std::optional<EdgeFit> edge;          // empty: too little liver beside it, or no fit
  std::optional<double> rim_excess_hu;  // brightest shell within 2 mm of the contour less the surroundings
  // SD of the means of interior blocks of about 5 mm over what noise alone makes of them; empty below 4
  // blocks.
  std::optional<double> unevenness;
  // The same blocks' lowest and highest mean.
  std::optional<double> darkest_block_hu, brightest_block_hu;
  // Above 200 HU and 5 noise SDs over the core, anywhere: calcification, Lipiodol, metal.
  std::int64_t dense_voxels = 0;
  // Below -100 HU and 6 noise SDs under the core, 1.5 mm or more inside and not in the region's end slices;
  // of large regions in every n-th slice: gas or fat.
  std::int64_t gas_voxels = 0;
};

// `patch` needs a margin of kEvidenceMarginMm.
RegionEvidence measure_evidence(const LesionPatch& patch, const LiverReference& liver);
inline constexpr double kEvidenceMarginMm = 5;

}  // namespace hepar
