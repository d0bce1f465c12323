// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hepar/figures/outline.h"
#include "hepar/figures/window.h"
#include "hepar/volume/volume.h"

namespace hepar {

// What a web page needs of one axial slice: the grey picture and the outlines apart, so that the page can
// switch them.

struct SliceLayer {
  std::string name;
  const LabelMap* labels = nullptr;
  std::vector<std::uint8_t> inside;  // the labels that belong to it
};
struct SliceOutline {
  std::string layer;
  // In pixels of the picture, whose top left corner is (0,0); no point lies between others of a straight
  // line. Where a layer goes on beyond the picture, so do its loops, by up to 1 pixel: clip them at the
  // border.
  std::vector<PlaneLoop> loops;
};
struct SliceView {
  std::int64_t width = 0, height = 0;  // pixels of the scan
  double pixel_width_mm = 1, pixel_height_mm = 1;
  std::string jpeg;                         // 8-bit grey
  std::vector<SliceOutline> outlines;       // one per layer, in their order
  std::int64_t slice = 0, slice_count = 0;  // slice 0 is nearest to the feet
  double z_mm = 0;                          // LPS, in the middle of the slice
};

struct SliceViewOptions {
  double window_low_hu = kWindowLowHu, window_high_hu = kWindowHighHu;  // black and white
  int jpeg_quality = 80;                                                // 1 to 100
};

// A box of voxels, as axial slices show it: i to the patient's left, j to the back, k from the feet; widened
// by a margin within the slices, not beyond the volume. The voxels of one value: bounding_box() of imaging.
Box3 axial_box(const Geometry& geometry, const Box3& voxels, double margin_mm = 0);

// The part low.i <= x < high.i, low.j <= y < high.j of slice `slice`, of a box as axial_box() makes it (its k
// does not matter). Throws Error(kInvalidInput) when a layer is not on the grid of `ct`. O(pixels).
SliceView make_slice_view(const CtVolume& ct, std::span<const SliceLayer> layers, std::int64_t slice,
                          const Box3& part, const SliceViewOptions& options = {});

}  // namespace hepar
