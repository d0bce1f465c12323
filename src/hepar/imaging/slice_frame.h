// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/imaging/image_quality.h"

namespace hepar {

// A grid seen with its slices along the third axis, whatever the order of the voxel axes: the in-plane axes
// keep their order, the slice axis (slice_axis()) comes last. Places in this frame are
// (i sx, j sy, k sz) in mm: a rigid view of the patient, since directions are orthonormal (maybe mirrored).
struct SliceFrame {
  explicit SliceFrame(const Geometry& geometry) {
    const int slice = slice_axis(geometry);
    source_axis[0] = slice == 0 ? 1 : 0, source_axis[1] = slice == 2 ? 1 : 2, source_axis[2] = slice;
    const Int3 strides{1, geometry.size.i, geometry.size.i * geometry.size.j};
    for (int axis = 0; axis < 3; ++axis) {
      const int from = source_axis[axis];
      size[axis] = geometry.size[from], stride[axis] = strides[from];
      spacing_mm[axis] = geometry.spacing_mm[from];
    }
  }
  // Offset in Volume::voxels().
  std::size_t offset(Int3 at) const {
    return static_cast<std::size_t>(at.i * stride.i + at.j * stride.j + at.k * stride.k);
  }
  Vec3 place_mm(Int3 at) const {
    return {spacing_mm.x * static_cast<double>(at.i), spacing_mm.y * static_cast<double>(at.j),
            spacing_mm.z * static_cast<double>(at.k)};
  }
  // The volume's continuous index of a place.
  Vec3 index_from_place(Vec3 place_mm) const {
    Vec3 index;
    for (int axis = 0; axis < 3; ++axis) index[source_axis[axis]] = place_mm[axis] / spacing_mm[axis];
    return index;
  }

  int source_axis[3] = {0, 1, 2};
  Int3 size, stride;
  Vec3 spacing_mm;
};

}  // namespace hepar
