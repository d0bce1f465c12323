// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/surface_area.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <utility>
#include <vector>

namespace hepar {
namespace {

using Polygon = std::vector<Vec3>;

// Corner b of a cell lies at the bits of b. A cell edge is named by its two corners.
using Edge = std::pair<unsigned, unsigned>;

Vec3 midpoint(Edge edge) {
  const auto at = [](unsigned corner, unsigned axis) { return static_cast<double>(corner >> axis & 1U); };
  const auto [a, b] = edge;
  return {(at(a, 0) + at(b, 0)) / 2, (at(a, 1) + at(b, 1)) / 2, (at(a, 2) + at(b, 2)) / 2};
}

// On each of the six faces, joins the edges that the surface crosses; where it crosses all four, so that
// the corners inside are cut off one by one.
std::multimap<Edge, Edge> segments(unsigned code) {
  std::multimap<Edge, Edge> joined;
  for (unsigned axis = 0; axis < 3; ++axis) {
    for (unsigned side = 0; side < 2; ++side) {
      const unsigned u = 1U << (axis + 1) % 3, v = 1U << (axis + 2) % 3, base = side << axis;
      const std::array<unsigned, 4> ring{base, base | u, base | u | v, base | v};
      const auto inside = [&](std::size_t n) { return (code >> ring[n % 4] & 1U) != 0; };
      const auto edge = [&](std::size_t n) { return Edge(std::minmax(ring[n % 4], ring[(n + 1) % 4])); };
      for (std::size_t start = 0; start < 4; ++start) {
        // From an edge where a run of inside corners begins to the edge where it ends.
        if (inside(start) || !inside(start + 1)) continue;
        std::size_t end = start + 1;
        while (inside(end + 1)) ++end;
        joined.emplace(edge(start), edge(end));
        joined.emplace(edge(end), edge(start));
      }
    }
  }
  return joined;
}

std::vector<Polygon> polygons(unsigned code) {
  auto joined = segments(code);
  std::vector<Polygon> result;
  while (!joined.empty()) {
    Polygon polygon;
    Edge at = joined.begin()->first;
    for (auto next = joined.find(at); next != joined.end(); next = joined.find(at)) {
      polygon.push_back(midpoint(at));
      const Edge to = next->second;
      joined.erase(next);
      const auto [first, last] = joined.equal_range(to);
      joined.erase(std::find_if(first, last, [&](const auto& entry) { return entry.second == at; }));
      at = to;
    }
    result.push_back(polygon);
  }
  return result;
}

// Area at unit spacing and at `spacing` of the triangulation of vertices [first, last] of a polygon that is
// largest at unit spacing.
std::pair<double, double> largest(const Polygon& p, std::size_t first, std::size_t last, Vec3 spacing) {
  std::pair<double, double> best{0, 0};
  for (std::size_t apex = first + 1; apex < last; ++apex) {
    const Vec3 twice = (p[apex] - p[first]).cross(p[last] - p[first]);
    const Vec3 scaled{twice.x * spacing.y * spacing.z, twice.y * spacing.x * spacing.z,
                      twice.z * spacing.x * spacing.y};
    const auto left = largest(p, first, apex, spacing), right = largest(p, apex, last, spacing);
    best = std::max(
        best, {left.first + right.first + twice.norm() / 2, left.second + right.second + scaled.norm() / 2});
  }
  return best;
}

TEST(SurfaceAreas, AgreeWithTriangulatedMarchingCubes) {
  for (const Vec3 spacing : {Vec3{1, 1, 1}, Vec3{0.7, 0.9, 2.5}, Vec3{3, 2, 1}}) {
    const auto areas = surface_areas_mm2(spacing);
    EXPECT_EQ(areas[0], 0);
    EXPECT_EQ(areas[255], 0);
    for (unsigned code = 1; code < 255; ++code) {
      double wanted = 0;
      for (const Polygon& polygon : polygons(std::popcount(code) > 4 ? 255 - code : code)) {
        ASSERT_GE(polygon.size(), 3U);
        wanted += largest(polygon, 0, polygon.size() - 1, spacing).second;
      }
      EXPECT_NEAR(areas[code], wanted, 1e-12) << "code " << code;
    }
  }
}

TEST(SurfaceAreas, ByHand) {
  const auto areas = surface_areas_mm2({3, 2, 1});
  // One corner: a triangle between three edge midpoints at 1.5, 1 and 0.5 mm from the corner; half the
  // cross product of (-1.5, 1, 0) and (-1.5, 0, 0.5), which is (0.5, 0.75, 1.5).
  EXPECT_DOUBLE_EQ(areas[1], std::hypot(0.5, 0.75, 1.5) / 2);
  // A face across i: a plane of 2 x 1 mm. An edge along i: 3 mm by half the diagonal of 2 x 1 mm.
  EXPECT_DOUBLE_EQ(areas[0b01010101], 2);
  EXPECT_DOUBLE_EQ(areas[0b00000011], 3 * std::hypot(2, 1) / 2);
}

TEST(SurfaceAreas, ComplementsShareOneSurface) {
  const auto areas = surface_areas_mm2({0.7, 1.3, 5});
  for (std::size_t code = 0; code < 256; ++code) EXPECT_EQ(areas[code], areas[255 - code]);
}

}  // namespace
}  // namespace hepar
