// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "hepar/nn/model_folder.h"
#include "hepar/plan/grid_view.h"

namespace hepar {

// y = (min(max(x, low), high) - subtracted) / divisor in float32, as nnU-Net computes it.
struct Normalization {
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
  float subtracted = 0, divisor = 1;

  float operator()(float x) const { return (std::min(std::max(x, low), high) - subtracted) / divisor; }
};

// One channel, cut to what the network sees of it.
struct ChannelView {
  GridView<float> stored;                      // its voxels in the order they are stored in
  GridView<float> image;                       // in the network's order
  std::optional<GridView<std::uint8_t>> mask;  // in the network's order, where normalised only inside it
};

// What a scheme comes to for an image (nnU-Net v2, default_normalization_schemes.py):
//   CTNormalization           clip to the percentiles, subtract the mean, divide by the SD of the training
//   set ZScoreNormalization       subtract the mean, divide by the SD (ddof 0) of the image or of the mask in
//   it RescaleTo01Normalization  from the least and greatest value to 0 and 1 RGBTo01Normalization divide by
//   255; values beyond 0 to 255 are Error(kInvalidInput) NoNormalization
// Divisors are at least 1e-8. The z-score's sums are added up in float32 in NumPy's order (pairwise in parts
// of 8192, in memory order; a masked image is read in the network's order), so that mean and SD have its
// bits. Throws Error(kUnsupported) naming any other scheme.
Normalization normalization_of(const std::string& scheme, const IntensityProperties& properties,
                               const ChannelView& channel);

}  // namespace hepar
