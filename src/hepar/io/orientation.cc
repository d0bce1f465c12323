// SPDX-License-Identifier: Apache-2.0
#include "hepar/io/orientation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"

namespace hepar::io {
namespace {

constexpr double kRoundingError = 1e-6, kSnapError = 1e-3;

Geometry snapped(const ImageHeader& header) {
  return {header.size, header.spacing_mm, header.origin_mm, nearest_orthonormal(header.axes)};
}

// How far the corner of the grid that moves most lies from where the file puts it.
double farthest_shift_mm(const ImageHeader& header) {
  const Geometry geometry = snapped(header);
  Geometry stated = geometry;
  stated.direction = header.axes;
  double farthest_mm = 0;
  for (int corner = 1; corner < 8; ++corner) {
    Vec3 index;
    for (int axis = 0; axis < 3; ++axis) {
      if ((corner >> axis & 1) != 0) index[axis] = static_cast<double>(header.size[axis] - 1);
    }
    const Vec3 shift_mm = geometry.world_from_index(index) - stated.world_from_index(index);
    farthest_mm = std::max(farthest_mm, shift_mm.norm());
  }
  return farthest_mm;
}

}  // namespace

Geometry usable_geometry(const ImageHeader& header, const ReadOptions& options,
                         const std::filesystem::path& path) {
  try {
    const double error = orthonormality_error(header.axes);
    if (!std::isfinite(error))
      throw Error(ErrorCode::kInvalidInput, "the directions of its axes are not finite numbers");
    const Geometry geometry = snapped(header);
    check_geometry(geometry);
    if (error > kSnapError && !options.accept_skewed_directions) {
      throw Error(
          ErrorCode::kInvalidInput,
          fmt::format(
              "its voxel axes are not at right angles: off by {:.3g} (at most {} is corrected unasked); "
              "--accept-skewed-directions takes the nearest right-angled axes, which moves voxels by up "
              "to {:.1f} mm",
              error, kSnapError, farthest_shift_mm(header)));
    }
    return geometry;
  } catch (const Error& error) {
    throw error.during("can't use the grid of " + path.string());
  }
}

std::optional<std::string> snapping_note(const ImageHeader& header) {
  const double error = orthonormality_error(header.axes);
  if (error <= kRoundingError) return std::nullopt;
  return fmt::format(
      "The voxel axes were not quite at right angles (off by {:.2g}) and were replaced by the nearest ones "
      "that are; no voxel moves by more than {:.2f} mm.",
      error, farthest_shift_mm(header));
}

}  // namespace hepar::io
