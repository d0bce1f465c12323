// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>

#include "hepar/core/vec.h"
#include "hepar/volume/volume.h"

// Implicit bodies: distance() is negative inside and near the surface about the distance in mm.
namespace hepar::phantom {

// Box in patient millimetres.
struct Bounds {
  Vec3 low, high;
};

struct Ellipsoid {
  Vec3 centre, radii;
  Mat3 own_from_patient = Mat3::identity();  // rotation into the ellipsoid's axes

  // First-order distance |p/r| (|p/r| - 1) / |p/r^2|; Taubin, PAMI 13(11):1115, 1991, eq. 2.
  double distance(Vec3 p) const {
    const Vec3 q = own_from_patient * (p - centre);
    const Vec3 a{q.x / radii.x, q.y / radii.y, q.z / radii.z};
    const Vec3 b{a.x / radii.x, a.y / radii.y, a.z / radii.z};
    const double k = a.norm();
    return k < 1e-3 ? -std::min({radii.x, radii.y, radii.z}) : k * (k - 1) / b.norm();
  }
  Bounds bounds(double margin) const {
    const double r = std::max({radii.x, radii.y, radii.z}) + margin;
    return {centre - Vec3{r, r, r}, centre + Vec3{r, r, r}};
  }
};

// A tube from a to b whose radius changes linearly.
struct Capsule {
  Vec3 a, b;
  double radius_a = 0, radius_b = 0;

  double distance(Vec3 p) const {
    const Vec3 axis = b - a, from_a = p - a;
    const double length2 = axis.dot(axis);
    const double t = length2 > 0 ? std::clamp(from_a.dot(axis) / length2, 0.0, 1.0) : 0.0;
    return (from_a - t * axis).norm() - (radius_a + t * (radius_b - radius_a));
  }
  Bounds bounds(double margin) const {
    const double r = std::max(radius_a, radius_b) + margin;
    Bounds box;
    for (int axis = 0; axis < 3; ++axis) {
      box.low[axis] = std::min(a[axis], b[axis]) - r;
      box.high[axis] = std::max(a[axis], b[axis]) + r;
    }
    return box;
  }
};

// Maximum with an edge rounded over about `k` mm (quadratic polynomial).
inline double smooth_max(double a, double b, double k) {
  const double h = std::max(k - std::abs(a - b), 0.0) / k;
  return std::max(a, b) + h * h * k / 4;
}
inline double smooth_step(double low, double high, double x) {
  const double t = std::clamp((x - low) / (high - low), 0.0, 1.0);
  return t * t * (3 - 2 * t);
}
// The rotation by `angle` rad in the plane of two axes.
Mat3 plane_rotation(int axis_a, int axis_b, double angle);

}  // namespace hepar::phantom
