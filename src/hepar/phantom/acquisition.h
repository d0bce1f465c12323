// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hepar/core/random.h"
#include "hepar/phantom/phantom.h"

namespace hepar::phantom {

// The grid and physics of one scan. Slices are computed `substeps` (odd) times finer than they are stored.
struct Scan {
  std::int64_t pixels = 128;  // along x and y
  std::int64_t slices = 0;
  double pixel_mm = 3, spacing_mm = 3;
  double low_z = 0;  // of the first slice in the patient's frame
  std::int64_t substeps = 1;
  bool circle = false;  // nothing outside the reconstruction circle
  PhantomAcquisition facts;
  double first_xy() const { return -0.5 * pixel_mm * static_cast<double>(pixels - 1); }
};

// Draws a scan from the ranges of the module's README. The z range is [low_z, high_z] of the patient and
// `half_width_mm` that of the body. Thickness and noise that the options name are taken as they are.
Scan draw_scan(Random random, const PhantomOptions& options, double half_width_mm, double low_z,
               double high_z);

// Weights of neighbouring slices `step_mm` apart under the slice profile, a box of the thickness convolved
// with a Gaussian of 0.8 mm full width at half maximum; odd count, sum 1.
std::vector<double> slice_profile(double thickness_mm, double step_mm);

// A Gaussian at whole pixels up to 3 SD either way, and its sum, by which results are to be divided.
struct BlurKernel {
  explicit BlurKernel(double sigma_pixels);
  // The weighted mean about place n of a line with `reach` more values at each end.
  float mean_at(const std::vector<float>& padded, std::int64_t n) const;
  std::int64_t reach = 0;
  std::vector<float> weights;
  float sum = 0;
};

// Convolves one square image with a Gaussian.
void blur_in_plane(std::span<float> image, std::int64_t pixels, double sigma_pixels);

// Two independent images of CT noise with unit variance: white noise shaped in the Fourier domain by the
// root of a noise power. `pixels` must be a power of two.
class NoiseShaper {
 public:
  // Power f exp(-(f/fc)^2), aliased at the pixel's sampling frequency, plus a floor of a tenth.
  NoiseShaper(std::int64_t pixels, double pixel_mm, double cutoff_per_mm);
  // Any power, pixels^2 values in the order of the discrete Fourier transform (frequency 0 first).
  NoiseShaper(std::int64_t pixels, std::span<const double> power);
  void draw_pair(Random random, std::span<float> first, std::span<float> second) const;

 private:
  std::int64_t pixels_;
  std::vector<float> amplitude_;
};

}  // namespace hepar::phantom
