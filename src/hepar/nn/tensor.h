// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace hepar {

// Shape of a batch of 3D feature maps in nnU-Net's axis order: samples, channels, depth (k), height (j),
// width (i); width is contiguous.
struct TensorShape {
  std::int64_t n = 1, c = 1, d = 1, h = 1, w = 1;
  std::int64_t count() const { return n * c * d * h * w; }
  std::int64_t voxels() const { return d * h * w; }
  friend bool operator==(const TensorShape&, const TensorShape&) = default;
};

// A float32 tensor that owns its values, (N, C, D, H, W) contiguous.
struct Tensor {
  TensorShape shape;
  std::vector<float> values;
  Tensor() = default;
  explicit Tensor(const TensorShape& s, float fill = 0)
      : shape(s), values(static_cast<std::size_t>(s.count()), fill) {}
};

}  // namespace hepar
