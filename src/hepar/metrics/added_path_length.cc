// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/added_path_length.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/metrics/surface_distance.h"

namespace hepar {
namespace {

using Pixels = std::vector<std::uint8_t>;  // of one slice, i fastest

void contour_row(const std::uint8_t* row, const std::uint8_t* before, const std::uint8_t* after,
                 std::int64_t count, std::uint8_t* to) {
  for (std::int64_t i = 1; i + 1 < count; ++i) {
    const bool enclosed = (row[i - 1] != 0) & (row[i + 1] != 0) & (before[i] != 0) & (after[i] != 0);
    to[i] = static_cast<std::uint8_t>((row[i] != 0) & !enclosed);
  }
  to[0] = row[0];
  to[count - 1] = row[count - 1];
}

Pixels contour(const Mask& mask, std::int64_t k) {
  const Int3 size = mask.size();
  const Pixels outside(static_cast<std::size_t>(size.i));
  Pixels pixels(static_cast<std::size_t>(size.i * size.j));
  for (std::int64_t j = 0; j < size.j; ++j) {
    contour_row(&mask[{0, j, k}], j > 0 ? &mask[{0, j - 1, k}] : outside.data(),
                j + 1 < size.j ? &mask[{0, j + 1, k}] : outside.data(), size.i,
                &pixels[mask.offset({0, j, 0})]);
  }
  return pixels;
}

// Steps within a slice that are no longer than the tolerance, short ones first.
std::vector<Int3> steps_within(double tolerance_mm, const Geometry& grid) {
  const double limit = tolerance_mm + kToleranceSlackMm;
  const auto reach = [&](int axis) {
    const double steps = std::min(limit / grid.spacing_mm[axis], static_cast<double>(grid.size[axis]));
    return static_cast<std::int64_t>(steps);
  };
  const auto length = [&](Int3 step) {
    return std::hypot(static_cast<double>(step.i) * grid.spacing_mm.x,
                      static_cast<double>(step.j) * grid.spacing_mm.y);
  };
  std::vector<Int3> steps;
  for (std::int64_t j = -reach(1); j <= reach(1); ++j)
    for (std::int64_t i = -reach(0); i <= reach(0); ++i)
      if (length({i, j, 0}) <= limit) steps.push_back({i, j, 0});
  std::sort(steps.begin(), steps.end(), [&](Int3 a, Int3 b) { return length(a) < length(b); });
  return steps;
}

std::int64_t pixels_to_draw(const Mask& prediction, const Mask& reference, std::int64_t k,
                            const std::vector<Int3>& steps) {
  const Pixels wanted = contour(reference, k), drawn = contour(prediction, k);
  const Int3 size = reference.size();
  std::int64_t count = 0;
  for (std::size_t n = 0; n < wanted.size(); ++n) {
    if (wanted[n] == 0) continue;
    const auto place = static_cast<std::int64_t>(n);
    const Int3 at{place % size.i, place / size.i, 0};
    count += std::none_of(steps.begin(), steps.end(), [&](Int3 step) {
      return reference.contains(at + step) && drawn[reference.offset(at + step)] != 0;
    });
  }
  return count;
}

}  // namespace

double added_path_length_mm(const Mask& prediction, const Mask& reference, double tolerance_mm) {
  HEPAR_EXPECT(prediction.size() == reference.size(), "the added path length needs masks of one size");
  HEPAR_EXPECT(tolerance_mm >= 0, "a tolerance is not negative");
  const Geometry& grid = reference.geometry();
  const auto steps = steps_within(tolerance_mm, grid);
  std::vector<std::int64_t> counts(static_cast<std::size_t>(grid.size.k));
  parallel_for(grid.size.k, [&](std::int64_t k) {
    counts[static_cast<std::size_t>(k)] = pixels_to_draw(prediction, reference, k, steps);
  });
  const auto pixels = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  return static_cast<double>(pixels) * (grid.spacing_mm.x + grid.spacing_mm.y) / 2;
}

}  // namespace hepar
