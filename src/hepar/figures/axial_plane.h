// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/volume/reorient.h"

namespace hepar {

// One slice of a volume as radiologists look at it: x grows to the patient's left, y to the back.
// Pixel (0,0) covers [0,1) x [0,1), so its centre lies at (0.5, 0.5).
template <class T>
struct AxialPlane {
  std::int64_t width = 0, height = 0;
  std::vector<T> pixels;  // x fastest
  const T& at(std::int64_t x, std::int64_t y) const {
    return pixels[static_cast<std::size_t>(x + width * y)];
  }
};

// Slice `slice` of `volume`, counted from the feet, when `order` is axis_order_for(geometry, "LPS").
template <class T>
AxialPlane<T> axial_plane(const Volume<T>& volume, const AxisOrder& order, std::int64_t slice) {
  const Int3 size = volume.size();
  const auto source_index = [&](int axis, std::int64_t n) {
    return order.flipped[axis] ? size[order.source_axis[axis]] - 1 - n : n;
  };
  AxialPlane<T> plane{size[order.source_axis[0]], size[order.source_axis[1]], {}};
  plane.pixels.reserve(static_cast<std::size_t>(plane.width * plane.height));
  Int3 index;
  index[order.source_axis[2]] = source_index(2, slice);
  for (std::int64_t y = 0; y < plane.height; ++y) {
    index[order.source_axis[1]] = source_index(1, y);
    for (std::int64_t x = 0; x < plane.width; ++x) {
      index[order.source_axis[0]] = source_index(0, x);
      plane.pixels.push_back(volume[index]);
    }
  }
  return plane;
}

}  // namespace hepar
