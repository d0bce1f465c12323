// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "hepar/core/random.h"
#include "hepar/core/vec.h"

namespace hepar::phantom {

// One scale of a random field.
struct Octave {
  double scale_mm;  // distance of the independent values
  double sd;
};

// A smooth random function of the place with mean 0: sum of octaves, each a lattice of independent normal
// values under a quadratic B-spline. Held on a lattice of half the smallest scale, trilinear between.
class NoiseField {
 public:
  NoiseField(Random random, Vec3 low_mm, Vec3 high_mm, std::span<const Octave> octaves);
  // Places outside the box get the value of its border.
  double operator()(Vec3 place_mm) const;

 private:
  void add_octave(Random random, const Octave& octave);
  Vec3 low_mm_;
  double step_mm_ = 0;
  Int3 size_;
  std::vector<float> values_;
};

}  // namespace hepar::phantom
