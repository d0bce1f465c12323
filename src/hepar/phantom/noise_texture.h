// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hepar/core/random.h"
#include "hepar/imaging/slice_frame.h"

namespace hepar::phantom {

// The noise of one scan as seen in one organ: how strong, which grain in plane, how alike neighbouring
// slices are.
struct NoiseTexture {
  double sd_hu = 0;
  double slice_correlation = 0;  // of a pixel with the one in the next slice, in [0, 0.95]
  std::int64_t pixels = 0;       // the noise power is held for patches of so many pixels squared
  std::vector<double> power;     // pixels^2 values, frequency 0 first, any scale

  // Correlation of two pixels `pixels_apart` along in-plane axis 0 or 1 (Wiener-Khinchin).
  double correlation(int axis, std::int64_t pixels_apart) const;

  // Slices of noise with unit variance and this texture on squares of `side` pixels, a power of two.
  // Neighbours correlate by slice_correlation (first-order autoregression). Periodic in plane.
  std::vector<std::vector<float>> draw(Random random, std::int64_t side, std::int64_t slices) const;
};

// Measures the noise in square patches wholly inside `label`: 16 pixels wide, or 8 or 4 where the organ
// holds too few of those. Of each the plane through its values is removed; the noisier half of the patches
// (vessels, edges) is left out. The power is the mean of the patches' Hann-windowed periodograms (Welch,
// IEEE Trans. Audio Electroacoust. 15(2):70, 1967). sd_hu is `sd_hu` when given. Empty below 24 patches.
std::optional<NoiseTexture> measure_noise_texture(const CtVolume& ct, const LabelMap& labels,
                                                  std::uint8_t label, std::optional<double> sd_hu);

}  // namespace hepar::phantom
