// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/surface_area.h"

#include <bit>
#include <cmath>
#include <cstddef>

namespace hepar {
namespace {

// The corners of one code that hang together by cell edges, and those edges.
struct Part {
  unsigned corners = 0;
  std::array<int, 3> edges{};  // along i, j, k
  int middle_axis = -1;        // of the edge between two corners with two edges each
  bool has_fork = false;       // a corner with three edges
};

int edge_count(unsigned corners, unsigned corner) {
  int count = 0;
  for (unsigned axis = 0; axis < 3; ++axis)
    count += static_cast<int>(corners >> (corner ^ (1U << axis)) & 1U);
  return count;
}

Part part_around(unsigned code, unsigned first) {
  Part part;
  part.corners = 1U << first;
  for (unsigned before = 0; before != part.corners;) {
    before = part.corners;
    for (unsigned corner = 0; corner < 8; ++corner) {
      if ((code >> corner & 1U) != 0 && edge_count(before, corner) > 0) part.corners |= 1U << corner;
    }
  }
  for (unsigned corner = 0; corner < 8; ++corner) {
    if ((part.corners >> corner & 1U) == 0) continue;
    const int edges = edge_count(part.corners, corner);
    part.has_fork = part.has_fork || edges == 3;
    for (unsigned axis = 0; axis < 3; ++axis) {
      const unsigned other = corner | 1U << axis;
      if (other == corner || (part.corners >> other & 1U) == 0) continue;
      ++part.edges[axis];
      if (edges == 2 && edge_count(part.corners, other) == 2) part.middle_axis = static_cast<int>(axis);
    }
  }
  return part;
}

// `face` holds the areas of the cell's faces across i, j, k. The triangles' normals, in eighths of these:
// (1 1 1) for one corner; twice (0 2 2) for an edge along i; (4 0 0), (2 2 2), (1 1 1) for three corners
// in a plane across i; twice (4 0 0) for a whole face; 6 times (1 1 1) in all for a corner with its three
// neighbours; (0 2 2), (2 2 0) and 4 times (1 1 1) for a path along i, j, k.
double part_area(const Part& part, const std::array<double, 3>& face) {
  const double corner = std::hypot(face[0], face[1], face[2]) / 8;
  const auto beside = [&](std::size_t axis) {
    return std::hypot(face[(axis + 1) % 3], face[(axis + 2) % 3]);
  };
  const auto axis_with = [&](int edges) {
    return part.edges[0] == edges ? std::size_t{0} : part.edges[1] == edges ? std::size_t{1} : std::size_t{2};
  };
  switch (std::popcount(part.corners)) {
    case 1:
      return corner;
    case 2:
      return beside(axis_with(1)) / 2;
    case 3:
      return face[axis_with(0)] / 2 + 3 * corner;
    default:
      break;
  }
  if (part.edges[0] + part.edges[1] + part.edges[2] == 4) return face[axis_with(0)];
  if (part.has_fork) return 6 * corner;
  const auto middle = static_cast<std::size_t>(part.middle_axis);
  return (beside((middle + 1) % 3) + beside((middle + 2) % 3)) / 4 + 4 * corner;
}

}  // namespace

std::array<double, 256> surface_areas_mm2(Vec3 spacing_mm) {
  const std::array<double, 3> face{spacing_mm.y * spacing_mm.z, spacing_mm.x * spacing_mm.z,
                                   spacing_mm.x * spacing_mm.y};
  std::array<double, 256> areas{};
  for (unsigned code = 1; code < 255; ++code) {
    unsigned left = std::popcount(code) > 4 ? 255U - code : code;
    while (left != 0) {
      const Part part = part_around(left, static_cast<unsigned>(std::countr_zero(left)));
      areas[code] += part_area(part, face);
      left &= ~part.corners;
    }
  }
  return areas;
}

}  // namespace hepar
