// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "hepar/numeric/histogram.h"

namespace hepar {

// SD of the Gaussian that smooths the 1-HU histogram before the fit. The paper smooths but gives no
// width; 3 HU is ours.
inline constexpr double kSmoothingSdHu = 3.0;

// A region's CT numbers summed up by formula 2 of Lin et al., Front. Oncol. 14:1423774, 2024 (with the
// minus sign that its print drops):
//   n(h) = amplitude / sqrt(2 pi S^2) * exp(-(h - mean)^2 / (2 S^2)).
struct GaussianFit {
  double amplitude = 0;                // area under the curve, voxels * HU; about the voxel count
  double mean_hu = 0;                  // M
  double std_smoothed_hu = 0;          // S, which holds the smoothing kernel's width
  double std_hu = 0;                   // sqrt(S^2 - 3^2), or 0 where S < 3
  std::optional<double> rms_residual;  // voxels per bin; empty without a fit
  // False: no usable fit. Then mean_hu is the median, std_hu 1.4826 times the median absolute deviation and
  // amplitude the voxel count.
  bool converged = false;
  double plain_mean_hu = 0;  // of the voxels themselves
};

// The histogram that a region is fitted by: bins of 1 HU from 10 below the smallest to 10 above the largest
// value. Values beyond [-4096, 16383] HU (padding, metal of extended scale) count as outside, which bounds
// the time. Needs at least one value, all finite.
UnitHistogram region_histogram(std::span<const float> values_hu);

// Least-squares fit to the smoothed histogram of a region's voxels, starting from the voxel count, mean and
// SD. A fit that did not converge, has no positive amplitude, a mean outside the region's values or an S
// beyond their range is replaced by the robust figures. Needs at least one value, all finite.
GaussianFit fit_gaussian(std::span<const float> values_hu);
// The same for who has region_histogram(values_hu) already.
GaussianFit fit_gaussian(std::span<const float> values_hu, const UnitHistogram& histogram);

// Mean and SD of the curve of formula 2 fitted to the unsmoothed bins low_hu .. high_hu; empty without voxels
// there, or when the fit does not converge to a mean between them.
struct PeakFit {
  double mean_hu = 0, std_hu = 0;
};
std::optional<PeakFit> fit_peak(const UnitHistogram& histogram, int low_hu, int high_hu);

// Whether the curve stands for the region: its area is 0.5 to 1.5 times the voxel count. Below it the curve
// describes a minority of the voxels: another tissue, the larger part, is not in it. (Voxels at the border
// that are part liver fall out of a cyst's curve too; at 3 mm voxels and 20 mm they are a third.)
bool covers_region(const GaussianFit& fit, std::size_t voxels);

}  // namespace hepar
