// SPDX-License-Identifier: Apache-2.0
#include "hepar/volume/geometry.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/core/error.h"

namespace hepar {
namespace {

Mat3 inverse_transposed(const Mat3& m) {
  // Columns of the inverse transpose are cross products of the columns over the determinant.
  const double scale = 1.0 / m.determinant();
  Mat3 result;
  for (int c = 0; c < 3; ++c)
    result.set_column(c, scale * m.column((c + 1) % 3).cross(m.column((c + 2) % 3)));
  return result;
}

}  // namespace

Vec3 Geometry::world_from_index(Vec3 index) const {
  return origin_mm + direction * Vec3{spacing_mm.x * index.x, spacing_mm.y * index.y, spacing_mm.z * index.z};
}

Vec3 Geometry::index_from_world(Vec3 world_mm) const {
  const Vec3 along_axes = direction.transposed() * (world_mm - origin_mm);
  return {along_axes.x / spacing_mm.x, along_axes.y / spacing_mm.y, along_axes.z / spacing_mm.z};
}

void check_geometry(const Geometry& geometry) {
  const auto& g = geometry;
  constexpr double kMostVoxels = 1099511627776.0;  // 2^40
  for (int axis = 0; axis < 3; ++axis) {
    if (g.size[axis] <= 0) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("the image has {} voxels along axis {}; at least 1 is needed", g.size[axis],
                              "ijk"[axis]));
    }
    if (!std::isfinite(g.spacing_mm[axis]) || g.spacing_mm[axis] <= 0) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("the voxel spacing along {} is {} mm; it must be positive", "ijk"[axis],
                              g.spacing_mm[axis]));
    }
    if (!std::isfinite(g.origin_mm[axis])) {
      throw Error(ErrorCode::kInvalidInput, "the image origin is not a finite position");
    }
  }
  const Vec3 size = to_vec(g.size);
  if (size.x * size.y * size.z > kMostVoxels) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the image has {} x {} x {} voxels, more than Hepar handles", g.size.i, g.size.j,
                            g.size.k));
  }
  const double error = orthonormality_error(g.direction);
  if (!(error <= 1e-6)) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("the image axes are not at right angles: off by {:.2g}, at most 1e-6 is allowed", error));
  }
}

std::optional<std::string> grid_difference(const Geometry& a, const Geometry& b, double tolerance_mm) {
  if (a.size != b.size) {
    return fmt::format("{} x {} x {} voxels against {} x {} x {}", a.size.i, a.size.j, a.size.k, b.size.i,
                       b.size.j, b.size.k);
  }
  double farthest_mm = 0;
  for (int corner = 0; corner < 8; ++corner) {
    Vec3 index;
    for (int axis = 0; axis < 3; ++axis) {
      if ((corner >> axis & 1) != 0) index[axis] = static_cast<double>(a.size[axis] - 1);
    }
    farthest_mm = std::max(farthest_mm, (a.world_from_index(index) - b.world_from_index(index)).norm());
  }
  if (farthest_mm <= tolerance_mm) return std::nullopt;
  for (int axis = 0; axis < 3; ++axis) {
    const double drift_mm =
        std::abs(a.spacing_mm[axis] - b.spacing_mm[axis]) * static_cast<double>(a.size[axis] - 1);
    if (drift_mm > tolerance_mm) {
      return fmt::format("{} spacing {:.4f} mm against {:.4f} mm", "ijk"[axis], a.spacing_mm[axis],
                         b.spacing_mm[axis]);
    }
  }
  if (const double shift_mm = (a.origin_mm - b.origin_mm).norm(); shift_mm > tolerance_mm) {
    return fmt::format("origin ({:.2f}, {:.2f}, {:.2f}) mm against ({:.2f}, {:.2f}, {:.2f}) mm",
                       a.origin_mm.x, a.origin_mm.y, a.origin_mm.z, b.origin_mm.x, b.origin_mm.y,
                       b.origin_mm.z);
  }
  return fmt::format("axes of another direction, {:.2f} mm apart at the far corner", farthest_mm);
}

Mat3 nearest_orthonormal(const Mat3& m) {
  Mat3 q = m;
  for (int iteration = 0; iteration < 60; ++iteration) {
    if (!(std::abs(q.determinant()) > 1e-12)) {
      throw Error(ErrorCode::kInvalidInput, "the image axes lie in one plane, so they span no volume");
    }
    const Mat3 other = inverse_transposed(q);
    double change = 0;
    for (int r = 0; r < 3; ++r) {
      for (int c = 0; c < 3; ++c) {
        const double next = 0.5 * (q.at[r][c] + other.at[r][c]);
        change = std::max(change, std::abs(next - q.at[r][c]));
        q.at[r][c] = next;
      }
    }
    if (change < 1e-15) break;
  }
  return q;
}

double orthonormality_error(const Mat3& m) {
  const Mat3 product = m.transposed() * m;
  double worst = 0;
  for (int r = 0; r < 3; ++r) {
    for (int c = 0; c < 3; ++c) {
      const double error = std::abs(product.at[r][c] - (r == c ? 1.0 : 0.0));
      worst = error > worst || std::isnan(error) ? error : worst;
    }
  }
  return worst;
}

}  // namespace hepar
