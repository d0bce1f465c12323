// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ostream>
#include <string_view>
#include <utility>
#include <vector>

#include "hepar/core/random.h"
#include "hepar/imaging/planar_contours.h"

namespace hepar {

inline void PrintTo(PlanePoint point, std::ostream* stream) {
  *stream << '(' << point.x << ", " << point.y << ')';
}

// For tests: pixels of one slice.
struct PlanarMask {
  std::int64_t columns = 0, rows = 0;
  std::vector<std::uint8_t> pixels;
  std::uint8_t& at(std::int64_t i, std::int64_t j) {
    return pixels[static_cast<std::size_t>(i + columns * j)];
  }
};

inline PlanarMask empty_mask(std::int64_t columns, std::int64_t rows) {
  return {columns, rows, std::vector<std::uint8_t>(static_cast<std::size_t>(columns * rows))};
}

// Rows of equal length, '#' being inside.
inline PlanarMask drawn_mask(const std::vector<std::string_view>& rows) {
  PlanarMask mask{static_cast<std::int64_t>(rows.front().size()), static_cast<std::int64_t>(rows.size()), {}};
  for (const std::string_view row : rows) {
    for (const char pixel : row) mask.pixels.push_back(pixel == '#');
  }
  return mask;
}

// Sparse or dense noise, discs with discs cut out and put back, a checkerboard, or frames within frames, by
// turns of `number`; all reach the borders now and then.
inline PlanarMask random_mask(std::uint64_t number, std::int64_t columns, std::int64_t rows) {
  Random random(number);
  PlanarMask mask = empty_mask(columns, rows);
  const double density = random.uniform();
  if (number % 4 == 1) {
    for (int disc = 0; disc < 12; ++disc) {
      const double x = random.uniform(0, static_cast<double>(mask.columns));
      const double y = random.uniform(0, static_cast<double>(mask.rows)), radius = random.uniform(0.5, 12);
      for (std::int64_t j = 0; j < mask.rows; ++j) {
        for (std::int64_t i = 0; i < mask.columns; ++i) {
          if (std::hypot(static_cast<double>(i) - x, static_cast<double>(j) - y) < radius) {
            mask.at(i, j) = disc % 3 != 1;
          }
        }
      }
    }
    return mask;
  }
  for (std::int64_t j = 0; j < mask.rows; ++j) {
    for (std::int64_t i = 0; i < mask.columns; ++i) {
      const std::int64_t depth = std::min({i, j, mask.columns - 1 - i, mask.rows - 1 - j});
      const bool pattern = number % 4 == 2 ? (i + j) % 2 == 0 : depth % 2 == 0;
      mask.at(i, j) = number % 4 == 0 ? random.chance(density) : pattern != random.chance(0.03);
    }
  }
  return mask;
}

// The same, of up to `largest` columns and rows.
inline PlanarMask random_mask(std::uint64_t number, std::int64_t largest = 40) {
  Random random = Random(number).fork(1);
  const std::int64_t columns = random.integer(1, largest);
  return random_mask(number, columns, random.integer(1, largest));
}

inline std::vector<PlaneRegion> traced(const PlanarMask& mask, ContourStyle style) {
  return trace_regions(mask.pixels, mask.columns, mask.rows, style);
}

inline std::vector<PlaneLoop> loops_of(const std::vector<PlaneRegion>& regions) {
  std::vector<PlaneLoop> loops;
  for (const PlaneRegion& region : regions) {
    loops.push_back(region.outer);
    loops.insert(loops.end(), region.holes.begin(), region.holes.end());
  }
  return loops;
}

inline std::vector<PlaneLoop> keyholed(const std::vector<PlaneRegion>& regions) {
  std::vector<PlaneLoop> loops;
  for (const PlaneRegion& region : regions) loops.push_back(keyhole_loop(region));
  return loops;
}

inline std::vector<std::uint8_t> filled(const std::vector<PlaneLoop>& loops, const PlanarMask& like) {
  std::vector<std::uint8_t> pixels(like.pixels.size());
  fill_loops(loops, like.columns, like.rows, pixels);
  return pixels;
}

inline double cross(PlanePoint a, PlanePoint b, PlanePoint c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

// Whether two lines between points cross within both of them.
inline bool cross_within(PlanePoint a, PlanePoint b, PlanePoint c, PlanePoint d) {
  return cross(a, b, c) * cross(a, b, d) < 0 && cross(c, d, a) * cross(c, d, b) < 0;
}

// Pairs of lines that cross within both, among all the loops.
inline int count_crossings(const std::vector<PlaneLoop>& loops) {
  std::vector<std::pair<PlanePoint, PlanePoint>> lines;
  for (const PlaneLoop& loop : loops) {
    for (std::size_t n = 0; n < loop.size(); ++n) lines.emplace_back(loop[n], loop[(n + 1) % loop.size()]);
  }
  int count = 0;
  for (std::size_t n = 0; n < lines.size(); ++n) {
    for (std::size_t m = 0; m < n; ++m) {
      count += cross_within(lines[n].first, lines[n].second, lines[m].first, lines[m].second);
    }
  }
  return count;
}

}  // namespace hepar
