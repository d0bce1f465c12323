// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "hepar/core/random.h"
#include "hepar/volume/volume.h"

namespace hepar::leakage {

// A patient for tests: an elliptic cylinder of 0 HU full of balls of -150 to 250 HU, another set for every
// seed, in air of -1000 HU. 96 x 80 x 60 voxels of 3 x 3 x 3 mm.
inline CtVolume test_scan(std::uint64_t seed) {
  const Int3 size{96, 80, 60};
  CtVolume ct({.size = size, .spacing_mm = {3, 3, 3}}, -1000.0F);
  const auto each = [&](auto&& task) {
    for (std::int64_t k = 0; k < size.k; ++k)
      for (std::int64_t j = 0; j < size.j; ++j)
        for (std::int64_t i = 0; i < size.i; ++i) task(Int3{i, j, k});
  };
  const auto in_body = [](Int3 at) {
    const double x = (static_cast<double>(at.i) - 47.5) / 40, y = (static_cast<double>(at.j) - 39.5) / 32;
    return x * x + y * y < 1;
  };
  each([&](Int3 at) {
    if (in_body(at)) ct[at] = 0;
  });
  Random random(seed);
  for (int ball = 0; ball < 150; ++ball) {
    const Vec3 centre{random.uniform(0, 96), random.uniform(0, 80), random.uniform(0, 60)};
    const double radius = random.uniform(2, 7);
    const auto hu = static_cast<float>(random.uniform(-150, 250));
    each([&](Int3 at) {
      const Vec3 off = to_vec(at) - centre;
      if (off.dot(off) < radius * radius && in_body(at)) ct[at] = hu;
    });
  }
  return ct;
}

// The same voxels, whatever the grid says.
inline CtVolume with_geometry(const CtVolume& ct, Geometry geometry) {
  geometry.size = ct.size();
  CtVolume copy(geometry);
  std::copy(ct.voxels().begin(), ct.voxels().end(), copy.voxels().begin());
  return copy;
}

}  // namespace hepar::leakage
