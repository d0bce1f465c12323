// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace hepar {

// Three integers along i, j, k (voxel counts or an index); i is the fastest axis.
struct Int3 {
  std::int64_t i = 0, j = 0, k = 0;
  std::int64_t count() const { return i * j * k; }
  std::int64_t& operator[](int axis) { return axis == 0 ? i : axis == 1 ? j : k; }
  std::int64_t operator[](int axis) const { return axis == 0 ? i : axis == 1 ? j : k; }
  friend bool operator==(const Int3&, const Int3&) = default;
  friend Int3 operator+(Int3 a, Int3 b) { return {a.i + b.i, a.j + b.j, a.k + b.k}; }
  friend Int3 operator-(Int3 a, Int3 b) { return {a.i - b.i, a.j - b.j, a.k - b.k}; }
};

// Three real numbers along x, y, z of some frame that the name of the variable tells.
struct Vec3 {
  double x = 0, y = 0, z = 0;
  double& operator[](int axis) { return axis == 0 ? x : axis == 1 ? y : z; }
  double operator[](int axis) const { return axis == 0 ? x : axis == 1 ? y : z; }
  friend bool operator==(const Vec3&, const Vec3&) = default;
  friend Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
  friend Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
  friend Vec3 operator*(double s, Vec3 v) { return {s * v.x, s * v.y, s * v.z}; }
  double dot(Vec3 o) const { return x * o.x + y * o.y + z * o.z; }
  Vec3 cross(Vec3 o) const { return {y * o.z - z * o.y, z * o.x - x * o.z, x * o.y - y * o.x}; }
  double norm() const { return std::sqrt(dot(*this)); }
};

inline Vec3 to_vec(Int3 v) {
  return {static_cast<double>(v.i), static_cast<double>(v.j), static_cast<double>(v.k)};
}

// 3 x 3 matrix, at[row][column].
struct Mat3 {
  std::array<std::array<double, 3>, 3> at{};
  static Mat3 identity() { return Mat3{{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}}; }
  Vec3 column(int c) const { return {at[0][c], at[1][c], at[2][c]}; }
  void set_column(int c, Vec3 v) { at[0][c] = v.x, at[1][c] = v.y, at[2][c] = v.z; }
  Mat3 transposed() const {
    Mat3 t;
    for (int r = 0; r < 3; ++r)
      for (int c = 0; c < 3; ++c) t.at[c][r] = at[r][c];
    return t;
  }
  double determinant() const { return column(0).dot(column(1).cross(column(2))); }
  friend bool operator==(const Mat3&, const Mat3&) = default;
  friend Vec3 operator*(const Mat3& m, Vec3 v) {
    return {m.at[0][0] * v.x + m.at[0][1] * v.y + m.at[0][2] * v.z,
            m.at[1][0] * v.x + m.at[1][1] * v.y + m.at[1][2] * v.z,
            m.at[2][0] * v.x + m.at[2][1] * v.y + m.at[2][2] * v.z};
  }
  friend Mat3 operator*(const Mat3& a, const Mat3& b) {
    Mat3 m;
    for (int c = 0; c < 3; ++c) m.set_column(c, a * b.column(c));
    return m;
  }
};

}  // namespace hepar
