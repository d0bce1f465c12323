// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "hepar/core/vec.h"

namespace hepar {

// Where a voxel grid lies in the patient. World axes: DICOM LPS, millimetres (PS3.3 C.7.6.2.1.1). Index
// (0,0,0) is the CENTRE of the first voxel and i is the fastest axis:
//   world = origin + direction * (spacing o index).
struct Geometry {
  Int3 size{};                        // voxels along i, j, k; all > 0
  Vec3 spacing_mm{1, 1, 1};           // centre-to-centre distance; all > 0
  Vec3 origin_mm{};                   // world position of index (0,0,0)
  Mat3 direction = Mat3::identity();  // orthonormal; columns: world direction of i, j, k

  Vec3 world_from_index(Vec3 index) const;
  Vec3 index_from_world(Vec3 world_mm) const;  // continuous index
  double voxel_volume_ml() const { return spacing_mm.x * spacing_mm.y * spacing_mm.z / 1000.0; }
  friend bool operator==(const Geometry&, const Geometry&) = default;
};

// Throws Error(kInvalidInput) naming the fault unless sizes and spacings are positive and finite, the
// voxel count is below 2^40 and `direction` is orthonormal to 1e-6.
void check_geometry(const Geometry& geometry);

// What keeps two grids from being the same, as a part sentence ("k spacing 5.000 mm against 1.500 mm"),
// or nothing when sizes are equal and every corner voxel lies within `tolerance_mm` of its partner.
std::optional<std::string> grid_difference(const Geometry& a, const Geometry& b, double tolerance_mm = 0.01);

// The orthonormal matrix nearest to `m` (Frobenius norm) by Newton's iteration for the polar factor;
// Higham, SIAM J. Sci. Stat. Comput. 7(4):1160, 1986. Throws Error(kInvalidInput) when `m` is singular.
Mat3 nearest_orthonormal(const Mat3& m);

// Largest absolute element of m^T m - 1: 0 for orthonormal directions.
double orthonormality_error(const Mat3& m);

}  // namespace hepar
