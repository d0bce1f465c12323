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

// Both masks cut to the box around them and a margin of one voxel, which is outside.
struct MaskPair {
  Mask prediction, reference;
};

std::optional<MaskPair> cut_to_common_box(const Mask& prediction, const Mask& reference) {
  HEPAR_EXPECT(prediction.size() == reference.size(), "surface distances need masks of one size");
  const auto a = bounding_box(prediction), b = bounding_box(reference);
  if (!a || !b) return std::nullopt;
  const Box3 common = enclosing_box(*a, *b);
  const Box3 box{common.low - Int3{1, 1, 1}, common.high + Int3{1, 1, 1}};
  return MaskPair{crop(prediction, box), crop(reference, box)};
}

// 1 on the mask's surface voxels; needs a margin outside the mask.
Mask surface_voxels(const Mask& mask) {
  Mask surface(mask.geometry());
  const Int3 size = mask.size();
  const std::int64_t row = size.i, slice = size.i * size.j;
  parallel_for(size.k - 2, [&](std::int64_t before) {
    for (std::int64_t j = 1; j + 1 < size.j; ++j) {
      const std::uint8_t* const from = &mask[{0, j, before + 1}];
      std::uint8_t* const to = &surface[{0, j, before + 1}];
      for (std::int64_t i = 1; i + 1 < size.i; ++i) {
        const bool enclosed = (from[i - 1] != 0) & (from[i + 1] != 0) & (from[i - row] != 0) &
                              (from[i + row] != 0) & (from[i - slice] != 0) & (from[i + slice] != 0);
        to[i] = static_cast<std::uint8_t>((from[i] != 0) & !enclosed);
      }
    }
  });
  return surface;
}

// Which of the eight voxels around each voxel corner are in the mask, as bits di + 2 dj + 4 dk; on the
// grid of the corners between voxels.
Volume<std::uint8_t> corner_codes(const Mask& mask) {
  Geometry corners = mask.geometry();
  corners.size = corners.size - Int3{1, 1, 1};
  Volume<std::uint8_t> codes(corners);
  const std::int64_t row = mask.size().i, slice = mask.size().i * mask.size().j;
  parallel_for(corners.size.k, [&](std::int64_t k) {
    for (std::int64_t j = 0; j < corners.size.j; ++j) {
      const std::uint8_t* const from = &mask[{0, j, k}];
      std::uint8_t* const to = &codes[{0, j, k}];
      const auto column = [&](std::int64_t i) {
        return (from[i] != 0) | (from[i + row] != 0) << 2 | (from[i + slice] != 0) << 4 |
               (from[i + slice + row] != 0) << 6;
      };
      int low = column(0);
      for (std::int64_t i = 0; i < corners.size.i; ++i) {
        const int high = column(i + 1);
        to[i] = static_cast<std::uint8_t>(low | high << 1);
        low = high;
      }
    }
  });
  return codes;
}

bool is_element(std::uint8_t code) { return code != 0 && code != 255; }

Mask element_mask(const Volume<std::uint8_t>& codes) {
  Mask mask(codes.geometry());
  std::transform(codes.voxels().begin(), codes.voxels().end(), mask.voxels().begin(),
                 [](std::uint8_t code) { return static_cast<std::uint8_t>(is_element(code)); });
  return mask;
}

std::vector<double> voxel_distances(const Mask& from, const Mask& to) {
  const Volume<double> squared = squared_distance_mm2(to);
  std::vector<double> distances;
  for (std::size_t n = 0; n < from.voxels().size(); ++n) {
    if (from.voxels()[n] != 0) distances.push_back(std::sqrt(squared.voxels()[n]));
  }
  return distances;
}

WeightedDistances element_distances(const Volume<std::uint8_t>& from, const Volume<std::uint8_t>& to,
                                    const std::array<double, 256>& areas_mm2) {
  const Volume<double> squared = squared_distance_mm2(element_mask(to));
  WeightedDistances distances;
  for (std::size_t n = 0; n < from.voxels().size(); ++n) {
    const std::uint8_t code = from.voxels()[n];
    if (!is_element(code)) continue;
    distances.distances_mm.push_back(std::sqrt(squared.voxels()[n]));
    distances.areas_mm2.push_back(areas_mm2[code]);
  }
  return distances;
}

SurfaceDistances voxel_distances(const MaskPair& pair) {
  const Mask prediction = surface_voxels(pair.prediction), reference = surface_voxels(pair.reference);
  return {voxel_distances(prediction, reference), voxel_distances(reference, prediction)};
}

SurfaceElementDistances element_distances(const MaskPair& pair) {
  const auto areas_mm2 = surface_areas_mm2(pair.prediction.geometry().spacing_mm);
  const auto prediction = corner_codes(pair.prediction), reference = corner_codes(pair.reference);
  return {element_distances(prediction, reference, areas_mm2),
          element_distances(reference, prediction, areas_mm2)};
}

}  // namespace

std::optional<SurfaceDistances> surface_distances(const Mask& prediction, const Mask& reference) {
  const auto pair = cut_to_common_box(prediction, reference);
  if (!pair) return std::nullopt;
  return voxel_distances(*pair);
}

std::optional<SurfaceElementDistances> surface_element_distances(const Mask& prediction,
                                                                 const Mask& reference) {
  const auto pair = cut_to_common_box(prediction, reference);
  if (!pair) return std::nullopt;
  return element_distances(*pair);
}

double weighted_percentile(const WeightedDistances& distances, double percent) {
  HEPAR_EXPECT(!distances.distances_mm.empty(), "no distances to take a percentile of");
  std::vector<std::pair<double, double>> sorted;
  for (std::size_t n = 0; n < distances.distances_mm.size(); ++n) {
    sorted.emplace_back(distances.distances_mm[n], distances.areas_mm2[n]);
  }
  std::sort(sorted.begin(), sorted.end());
  double total = 0;
  for (const auto& element : sorted) total += element.second;
  double sum = 0;
  for (const auto& [distance, area] : sorted) {
    sum += area;
    if (sum >= percent / 100 * total) return distance;
  }
  return sorted.back().first;
}

std::optional<SurfaceMetrics> surface_metrics(const Mask& prediction, const Mask& reference) {
  const auto pair = cut_to_common_box(prediction, reference);
  if (!pair) return std::nullopt;
  SurfaceMetrics metrics;
  {
    const SurfaceDistances voxels = voxel_distances(*pair);
    std::vector<double> pooled = voxels.from_prediction_mm;
    pooled.insert(pooled.end(), voxels.from_reference_mm.begin(), voxels.from_reference_mm.end());
    metrics.hd_mm = *std::max_element(pooled.begin(), pooled.end());
    metrics.hd95_mm = std::max(percentile(voxels.from_prediction_mm, kPercent).value(),
                               percentile(voxels.from_reference_mm, kPercent).value());
    metrics.hd95_pooled_mm = percentile(pooled, kPercent).value();
    metrics.assd_mm = mean(pooled).value();
  }
  const SurfaceElementDistances elements = element_distances(*pair);
  metrics.hd95_area_weighted_mm = std::max(weighted_percentile(elements.from_prediction, kPercent),
                                           weighted_percentile(elements.from_reference, kPercent));
  return metrics;
}

}  // namespace hepar
