// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/surface_distance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/box.h"
#include "hepar/imaging/distance.h"
#include "hepar/metrics/surface_area.h"
#include "hepar/numeric/statistics.h"

namespace hepar {
namespace {

constexpr double kPercent = 95;

// Calls work(prediction, reference) with both masks cut to the box around them and a margin of one voxel,
// which is outside; gives nothing when a mask is empty.
template <class Work>
auto on_common_box(const Mask& prediction, const Mask& reference, const Work& work)
    -> std::optional<decltype(work(prediction, reference))> {
  HEPAR_EXPECT(prediction.size() == reference.size(), "surface distances need masks of one size");
  const auto a = bounding_box(prediction), b = bounding_box(reference);
  if (!a || !b) return std::nullopt;
  const Box3 common = enclosing_box(*a, *b);
  const Box3 box{common.low - Int3{1, 1, 1}, common.high + Int3{1, 1, 1}};
  if (box == whole_box(prediction.geometry())) return work(prediction, reference);
  return work(crop(prediction, box), crop(reference, box));
}

// Inner loops over plain pointers, which compilers turn into vector code.
void surface_row(const std::uint8_t* from, std::int64_t row, std::int64_t slice, std::int64_t count,
                 std::uint8_t* to) {
  for (std::int64_t i = 0; i < count; ++i) {
    const bool enclosed = (from[i - 1] != 0) & (from[i + 1] != 0) & (from[i - row] != 0) &
                          (from[i + row] != 0) & (from[i - slice] != 0) & (from[i + slice] != 0);
    to[i] = static_cast<std::uint8_t>((from[i] != 0) & !enclosed);
  }
}

void code_row(const std::uint8_t* from, std::int64_t row, std::int64_t slice, std::int64_t count,
              std::uint8_t* to) {
  const auto bit = [](std::uint8_t voxel, int value) {
    return static_cast<std::uint8_t>(voxel != 0 ? value : 0);
  };
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint8_t* const beyond = from + slice;
    const auto code =
        static_cast<std::uint8_t>(bit(from[i], 1) | bit(from[i + 1], 2) | bit(from[i + row], 4) |
                                  bit(from[i + row + 1], 8) | bit(beyond[i], 16) | bit(beyond[i + 1], 32) |
                                  bit(beyond[i + row], 64) | bit(beyond[i + row + 1], 128));
    to[i] = code == 255 ? std::uint8_t{0} : code;
  }
}

// 1 on the mask's surface voxels; needs a margin outside the mask.
Mask surface_voxels(const Mask& mask) {
  Mask surface(mask.geometry());
  const Int3 size = mask.size();
  parallel_for(size.k - 2, [&](std::int64_t before) {
    for (std::int64_t j = 1; j + 1 < size.j; ++j) {
      const Int3 first{1, j, before + 1};
      surface_row(&mask[first], size.i, size.i * size.j, size.i - 2, &surface[first]);
    }
  });
  return surface;
}

// Which of the eight voxels around each voxel corner are in the mask, as bits di + 2 dj + 4 dk; on the
// grid of the corners between voxels. 0 also where all are: there is no surface element.
Volume<std::uint8_t> element_codes(const Mask& mask) {
  Geometry corners = mask.geometry();
  corners.size = corners.size - Int3{1, 1, 1};
  Volume<std::uint8_t> codes(corners);
  const std::int64_t row = mask.size().i, slice = mask.size().i * mask.size().j;
  parallel_for(corners.size.k, [&](std::int64_t k) {
    for (std::int64_t j = 0; j < corners.size.j; ++j)
      code_row(&mask[{0, j, k}], row, slice, corners.size.i, &codes[{0, j, k}]);
  });
  return codes;
}

std::vector<double> distances_mm(const Mask& from, const Mask& to) {
  std::vector<double> distances = squared_distances_mm2(from, to);
  for (double& distance : distances) distance = std::sqrt(distance);
  return distances;
}

WeightedDistances element_distances(const Volume<std::uint8_t>& from, const Volume<std::uint8_t>& to,
                                    const std::array<double, 256>& areas_mm2) {
  WeightedDistances distances{distances_mm(from, to), {}};
  distances.areas_mm2.reserve(distances.distances_mm.size());
  for (const std::uint8_t code : from.voxels()) {
    if (code != 0) distances.areas_mm2.push_back(areas_mm2[code]);
  }
  return distances;
}

SurfaceDistances voxel_distances(const Mask& prediction, const Mask& reference) {
  const Mask from = surface_voxels(prediction), to = surface_voxels(reference);
  return {distances_mm(from, to), distances_mm(to, from)};
}

SurfaceElementDistances both_element_distances(const Mask& prediction, const Mask& reference) {
  const auto areas_mm2 = surface_areas_mm2(prediction.geometry().spacing_mm);
  const auto from = element_codes(prediction), to = element_codes(reference);
  return {element_distances(from, to, areas_mm2), element_distances(to, from, areas_mm2)};
}

void add_voxel_metrics(const SurfaceDistances& distances, SurfaceMetrics& metrics) {
  std::vector<double> pooled = distances.from_prediction_mm;
  pooled.insert(pooled.end(), distances.from_reference_mm.begin(), distances.from_reference_mm.end());
  metrics.hd_mm = *std::max_element(pooled.begin(), pooled.end());
  metrics.hd95_mm = std::max(percentile(distances.from_prediction_mm, kPercent).value(),
                             percentile(distances.from_reference_mm, kPercent).value());
  metrics.hd95_pooled_mm = percentile(pooled, kPercent).value();
  metrics.assd_mm = mean(pooled).value();
  metrics.rmsd_mm = std::sqrt(std::inner_product(pooled.begin(), pooled.end(), pooled.begin(), 0.0) /
                              static_cast<double>(pooled.size()));
}

void add_element_metrics(const SurfaceElementDistances& distances, double tolerance_mm,
                         SurfaceMetrics& metrics) {
  metrics.hd95_area_weighted_mm = std::max(weighted_percentile(distances.from_prediction, kPercent),
                                           weighted_percentile(distances.from_reference, kPercent));
  metrics.surface_dice = surface_dice(distances, tolerance_mm);
}

}  // namespace

std::optional<SurfaceDistances> surface_distances(const Mask& prediction, const Mask& reference) {
  return on_common_box(prediction, reference, voxel_distances);
}

std::optional<SurfaceElementDistances> surface_element_distances(const Mask& prediction,
                                                                 const Mask& reference) {
  return on_common_box(prediction, reference, both_element_distances);
}

double weighted_percentile(const WeightedDistances& distances, double percent) {
  HEPAR_EXPECT(!distances.distances_mm.empty(), "no distances to take a percentile of");
  std::vector<std::pair<double, double>> elements;
  elements.reserve(distances.distances_mm.size());
  for (std::size_t n = 0; n < distances.distances_mm.size(); ++n)
    elements.emplace_back(distances.distances_mm[n], distances.areas_mm2[n]);
  const auto area_of = [](auto first, auto last) {
    return std::accumulate(first, last, 0.0, [](double sum, const auto& e) { return sum + e.second; });
  };
  auto low = elements.begin(), high = elements.end();
  double wanted = percent / 100 * area_of(low, high);
  // Halves the range that holds the answer; all before it weigh less than what is wanted.
  while (high - low > 1) {
    const auto middle = low + (high - low) / 2;
    std::nth_element(low, middle, high);
    const double area = area_of(low, middle);
    if (area >= wanted) {
      high = middle;
    } else {
      wanted -= area;
      low = middle;
    }
  }
  return low->first;
}

double surface_dice(const SurfaceElementDistances& distances, double tolerance_mm) {
  double within = 0, all = 0;
  for (const WeightedDistances* side : {&distances.from_prediction, &distances.from_reference}) {
    for (std::size_t n = 0; n < side->distances_mm.size(); ++n) {
      const double area = side->areas_mm2[n];
      all += area;
      if (side->distances_mm[n] <= tolerance_mm + kToleranceSlackMm) within += area;
    }
  }
  HEPAR_EXPECT(all > 0, "no surface to take the surface Dice of");
  return within / all;
}

std::optional<SurfaceMetrics> surface_metrics(const Mask& prediction, const Mask& reference,
                                              double tolerance_mm) {
  return on_common_box(prediction, reference, [&](const Mask& a, const Mask& b) {
    SurfaceMetrics metrics;
    add_voxel_metrics(voxel_distances(a, b), metrics);
    add_element_metrics(both_element_distances(a, b), tolerance_mm, metrics);
    return metrics;
  });
}

}  // namespace hepar
