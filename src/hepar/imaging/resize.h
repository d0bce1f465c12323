// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "hepar/volume/volume.h"

namespace hepar {

// How an array is brought to another size.
struct ResizeRule {
  int order = 3;  // of the B-spline: 0 (nearest), 1 or 3
  // Resized slice by slice across this axis (0 = i), with the nearest slice along it; nothing: in space.
  std::optional<int> slice_axis;
};

// Delivers slice n of the source across the slice axis, or across k: its lower axis fastest. Called from
// several threads, for any slice and possibly more than once.
using SliceReader = std::function<void(std::int64_t n, std::span<float> slice)>;

// The array of `size` voxels that `read` delivers, resized so that the outer voxel faces coincide: voxel t of
// the result lies at (t + 0.5) * size / new_size - 0.5. Beyond the outermost voxels the values go on
// unchanged; no smoothing before shrinking. Order 3 is the prefiltered cubic B-spline, cut to the range of
// the source's values (of each slice, where resized slice by slice). Equal sizes give the source untouched.
// `result` has i fastest. All sums are in double and rounded once, so the result is that of nnU-Net v2,
// preprocessing/resampling/default_resampling.py, to the last bit but for isolated voxels: it calls
// skimage.transform.resize(mode='edge', anti_aliasing=False), which is scipy.ndimage.zoom(grid_mode=True,
// mode='nearest') behind an edge of 12 voxels.
// Memory besides the result: in space with order 3 at most 77 slices of the result's in-plane size in
// double, with a lower order 17 slices of the source; for each thread one to three slices.
// Source of the spline filter: Unser, Aldroubi & Eden, IEEE Trans. Signal Process. 41(2):821, 1993.
// Throws Error(kUnsupported) for another order.
void resize(Int3 size, const SliceReader& read, Int3 new_size, const ResizeRule& rule,
            std::span<float> result);

// Labels resized as nnU-Net does it: each label's 0/1 mask by order 1 (or 0), in ascending order, a voxel
// being of the last label that reaches 0.5 there, and 0 where none does (batchgenerators
// augmentations/utils.py, resize_segmentation). Throws Error(kUnsupported) for order 3.
void resize_labels(Int3 size, std::span<const std::int16_t> labels, Int3 new_size, const ResizeRule& rule,
                   std::span<std::int16_t> result);

}  // namespace hepar
