// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/volume/reorient.h"
#include "hepar/volume/volume.h"

namespace hepar {

inline void fill(LabelMap& labels, const Box3& box, std::uint8_t label) {
  for (std::int64_t k = box.low.k; k < box.high.k; ++k)
    for (std::int64_t j = box.low.j; j < box.high.j; ++j)
      for (std::int64_t i = box.low.i; i < box.high.i; ++i) labels[{i, j, k}] = label;
}

// For tests: 200 x 200 mm in 2 mm pixels and 12 slices of 5 mm, 40 HU everywhere, filled with liver but for a
// rim of 4 mm. Index (0,0,0) lies at (-99, -99, 300) mm.
struct TestCase {
  CtVolume ct;
  LabelMap before, after;
  static TestCase liver_only() {
    Geometry geometry;
    geometry.size = {100, 100, 12};
    geometry.spacing_mm = {2, 2, 5};
    geometry.origin_mm = {-99, -99, 300};
    TestCase c{CtVolume(geometry, 40.F), LabelMap(geometry), LabelMap(geometry)};
    fill(c.before, {{2, 2, 1}, {98, 98, 11}}, kLiver);
    c.after = c.before;
    return c;
  }
  TestCase turned(const char* orientation) const {
    const AxisOrder order = axis_order_for(ct.geometry(), orientation);
    return {reorient(ct, order), reorient(before, order), reorient(after, order)};
  }
};

// On the patient's left: x 120 to 170 mm and y 60 to 110 mm of the plane, slices 4 to 7. Its centre is index
// (72, 42, 5.5).
inline constexpr Box3 kLeftBox{{60, 30, 4}, {85, 55, 8}};
inline constexpr Vec3 kLeftCentre{-99 + 144, -99 + 84, 300 + 27.5};

}  // namespace hepar
