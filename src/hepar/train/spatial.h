// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "hepar/core/vec.h"
#include "hepar/train/patch.h"

namespace hepar {

// A box of a case, taken as an image of its own. Outside the case or the box the image is 0, the label -1.
struct SourceWindow {
  std::span<const float> image;          // of the whole case, (C, d, h, w)
  std::span<const std::int16_t> labels;  // of the whole case, (d, h, w)
  std::int64_t channels = 1;
  Kernel3 case_size{};
  Kernel3 start{}, size{};  // of the box, in voxels of the case; it may reach beyond the case
};

// The map from offsets in a patch to offsets in its source, in voxels along d, h, w from the centres: scaled
// along each axis, then turned about d, h and w (batchgeneratorsv2 transforms/spatial/spatial.py,
// create_affine_matrix_3d). A scale above 1 shows more of the source.
Mat3 source_from_patch(const std::array<double, 3>& angles_rad, const std::array<double, 3>& scales);

// The middle of the window as it is, from voxel floor(size / 2) - floor(patch / 2) on. Needs a patch that is
// not larger than the window.
Patch crop_patch(const SourceWindow& window, const Kernel3& patch_size);

// The window through `map` about its centre; the image trilinear. A label is the one with the largest
// trilinear weight, the lowest of equal ones (1000 times the weight is compared in half precision, as there),
// and -1 beyond the window's outermost voxel centres. As spatial.py does it for border_mode_seg "constant",
// but for one fault there: it takes the limits along d and w from each other's sizes.
Patch resample_patch(const SourceWindow& window, const Kernel3& patch_size, const Mat3& map);

// Reverses the image and the labels along one axis, 0 = d.
void mirror(Patch& patch, std::size_t axis);

}  // namespace hepar
