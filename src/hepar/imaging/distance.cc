// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/distance.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "hepar/core/parallel.h"

namespace hepar {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Lines that lie side by side in memory are fetched together, to use whole cache lines.
constexpr std::int64_t kLanes = 8;

// First axis: a sweep forth and one back count the steps to the nearest voxel of the mask.
void sweep_row(const std::uint8_t* mask, std::int64_t count, double spacing_mm, double* squared) {
  double steps = kInfinity;
  for (std::int64_t i = 0; i < count; ++i) {
    steps = mask[i] != 0 ? 0.0 : steps + 1.0;
    squared[i] = steps;
  }
  steps = kInfinity;
  for (std::int64_t i = count; i-- > 0;) {
    steps = mask[i] != 0 ? 0.0 : steps + 1.0;
    const double distance = spacing_mm * std::min(steps, squared[i]);
    squared[i] = distance * distance;
  }
}

// line[t] = min over q of line[q] + (spacing * (t - q))^2, by the parabolas that bound it from below.
class LowerEnvelope {
 public:
  LowerEnvelope(std::int64_t count, double spacing_mm)
      : squared_spacing_(spacing_mm * spacing_mm), parabolas_(static_cast<std::size_t>(count)) {}

  void transform(double* line, std::int64_t count) {
    const std::size_t size = stack_parabolas(line, count);
    if (size == 0) return;
    std::size_t n = 0;
    for (std::int64_t t = 0; t < count; ++t) {
      const auto at = static_cast<double>(t);
      while (n + 1 < size && parabolas_[n + 1].start < at) ++n;
      const double steps = at - parabolas_[n].apex;
      line[t] = parabolas_[n].height + squared_spacing_ * steps * steps;
    }
  }

 private:
  struct Parabola {
    double apex, height;  // voxels, mm^2
    double start;         // it is the lowest from here on, up to the next one's start
  };

  // Where a new parabola with its apex further right goes below `left`.
  double crossing(const Parabola& left, double apex, double height) const {
    return 0.5 * (left.apex + apex + (height - left.height) / (squared_spacing_ * (apex - left.apex)));
  }

  std::size_t stack_parabolas(const double* line, std::int64_t count) {
    std::size_t size = 0;
    for (std::int64_t q = 0; q < count; ++q) {
      if (line[q] == kInfinity) continue;
      const auto apex = static_cast<double>(q);
      double start = -kInfinity;
      while (size > 0 &&
             (start = crossing(parabolas_[size - 1], apex, line[q])) <= parabolas_[size - 1].start) {
        --size;
      }
      parabolas_[size] = {apex, line[q], size == 0 ? -kInfinity : start};
      ++size;
    }
    return size;
  }

  double squared_spacing_;
  std::vector<Parabola> parabolas_;
};

// Transforms all lines along `axis` (j or k) of the planes that `axis` and i span.
void transform_axis(Volume<double>& squared, int axis) {
  const Int3 size = squared.size();
  const std::int64_t count = size[axis];
  const std::int64_t stride = axis == 1 ? size.i : size.i * size.j;
  const int over = 3 - axis;
  parallel_for(size[over], [&](std::int64_t plane) {
    LowerEnvelope envelope(count, squared.geometry().spacing_mm[axis]);
    std::vector<double> lines(static_cast<std::size_t>(count * kLanes));
    Int3 corner;
    corner[over] = plane;
    for (corner.i = 0; corner.i < size.i; corner.i += kLanes) {
      double* const base = &squared[corner];
      const std::int64_t lanes = std::min(kLanes, size.i - corner.i);
      for (std::int64_t t = 0; t < count; ++t) {
        for (std::int64_t lane = 0; lane < lanes; ++lane) {
          lines[static_cast<std::size_t>(lane * count + t)] = base[t * stride + lane];
        }
      }
      for (std::int64_t lane = 0; lane < lanes; ++lane)
        envelope.transform(&lines[static_cast<std::size_t>(lane * count)], count);
      for (std::int64_t t = 0; t < count; ++t) {
        for (std::int64_t lane = 0; lane < lanes; ++lane) {
          base[t * stride + lane] = lines[static_cast<std::size_t>(lane * count + t)];
        }
      }
    }
  });
}

}  // namespace

Volume<double> squared_distance_mm2(const Mask& mask) {
  Volume<double> squared(mask.geometry());
  const Int3 size = mask.size();
  parallel_for(size.k, [&](std::int64_t k) {
    for (std::int64_t j = 0; j < size.j; ++j) {
      sweep_row(&mask[{0, j, k}], size.i, mask.geometry().spacing_mm.x, &squared[{0, j, k}]);
    }
  });
  if (size.j > 1) transform_axis(squared, 1);
  if (size.k > 1) transform_axis(squared, 2);
  return squared;
}

}  // namespace hepar
