// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hepar/volume/volume.h"

namespace hepar::leakage {

// A CT as a stack of small axial pictures whose scale is set by the content, not by the header: tissue covers
// on average kBodyPixels^2 pixels of a picture. Columns run to the patient's left, rows to the back and slabs
// to the head, as far as the header tells the truth.
struct SlabStack {
  std::int64_t width = 0, height = 0, count = 0;
  std::vector<float> pixels;  // column fastest, then row, then slab; (HU - mean tissue) / 300, cut to [-1, 1]
  std::vector<std::uint8_t> inside;              // 1 in the body and in what it encloses in the slab
  std::int64_t slices = 0, slices_per_slab = 1;  // of the CT; slices that make no whole slab are left out
  bool axes_exchanged = false;                   // the slices lie along another axis than the header says

  std::size_t area() const { return static_cast<std::size_t>(width * height); }
  std::span<const float> picture(std::int64_t slab) const {
    return std::span(pixels).subspan(static_cast<std::size_t>(slab) * area(), area());
  }
  std::span<const std::uint8_t> body(std::int64_t slab) const {
    return std::span(inside).subspan(static_cast<std::size_t>(slab) * area(), area());
  }
};

inline constexpr double kBodyPixels = 96;

// What tells air from tissue whatever was added to the HU.
struct TissueLevels {
  double threshold = 0;  // halfway between the means of air and tissue
  double tissue = 0;     // mean of what lies above
  double share = 0;      // part of the voxels that lies above, in [0, 1]
};

// Two classes of a sample of the voxels by Otsu, IEEE Trans. Syst. Man Cybern. 9(1):62, 1979. Split once more
// where that only told padding, far below air, from the rest.
TissueLevels tissue_levels(const CtVolume& ct);

// Slabs of about 4 mm by the header, 48 to 128 of them where there are as many slices. The slice axis is the
// header's, unless both ends of another axis show clearly more tissue: a body runs through the outer slices.
SlabStack make_slab_stack(const CtVolume& ct);

}  // namespace hepar::leakage
