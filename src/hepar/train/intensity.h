// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "hepar/core/random.h"
#include "hepar/nn/network_spec.h"

namespace hepar {

// The changes to the grey values of one channel that nnU-Net trains with, in place, as batchgeneratorsv2
// makes them (transforms/intensity, transforms/noise, transforms/spatial/low_resolution.py).

// One normal number for each voxel, the same in all `channels` of the image (C, d, h, w).
void add_noise(std::span<float> image, std::int64_t channels, double sd, Random random);

// Convolution along d, h and w with Gaussians of these SDs in voxels; the length is the odd number next to
// 6 sd + 0.5, the border is a mirror that does not repeat its voxel.
void blur(std::span<float> channel, const Kernel3& size, const std::array<double, 3>& sigma_voxels);

void scale_brightness(std::span<float> channel, double factor);

// (x - mean) factor + mean, kept in the range that the channel had.
void change_contrast(std::span<float> channel, double factor);

// Takes the nearest voxels of a grid with round(size * scale) voxels along d, h, w, and those back to the
// channel's by linear interpolation.
void lower_resolution(std::span<float> channel, const Kernel3& size, const std::array<double, 3>& scale);

// The power `exponent` of the values over their range, brought back to their mean and SD; with `inverted` of
// the negative image.
void change_gamma(std::span<float> channel, double exponent, bool inverted);

}  // namespace hepar
