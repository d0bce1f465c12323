// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "hepar/volume/reorient.h"

namespace hepar {

// A box of a volume seen along reordered axes, without a copy.
template <class T>
struct GridView {
  const T* first = nullptr;  // voxel (0, 0, 0) of the view
  Int3 size, step;           // along the view's axes

  T at(Int3 index) const { return first[index.i * step.i + index.j * step.j + index.k * step.k]; }

  // Slice n across an axis, its lower axis fastest; `use` gets each voxel in turn.
  template <class Use>
  void for_each_in_slice(int axis, std::int64_t n, const Use& use) const {
    const int width = axis == 0 ? 1 : 0, height = axis == 2 ? 1 : 2;
    const T* row = first + n * step[axis];
    for (std::int64_t y = 0; y < size[height]; ++y, row += step[height]) {
      const T* voxel = row;
      for (std::int64_t x = 0; x < size[width]; ++x, voxel += step[width]) use(*voxel);
    }
  }
};

// `box` is of the reordered volume.
template <class T>
GridView<T> view_of(const Volume<T>& volume, const AxisOrder& order, const Box3& box) {
  const Int3 stride{1, volume.size().i, volume.size().i * volume.size().j};
  GridView<T> view{volume.voxels().data(), box.size(), {}};
  for (int axis = 0; axis < 3; ++axis) {
    const int source = order.source_axis[axis];
    const std::int64_t last = volume.size()[source] - 1;
    view.step[axis] = order.flipped[axis] ? -stride[source] : stride[source];
    view.first += stride[source] * (order.flipped[axis] ? last - box.low[axis] : box.low[axis]);
  }
  return view;
}

}  // namespace hepar
