// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/region_measure.h"

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"

namespace hepar {

std::vector<float> gather(const CtVolume& ct, std::span<const VoxelRun> runs) {
  std::vector<float> values;
  for (const VoxelRun& run : runs) {
    const float* const first = ct.voxels().data() + run.first;
    values.insert(values.end(), first, first + run.length);
  }
  if (!std::all_of(values.begin(), values.end(), [](float hu) { return std::isfinite(hu); })) {
    throw Error(
        ErrorCode::kInvalidInput,
        "the CT holds a value under the tumour that is not a finite number; convert the CT again from "
        "its source");
  }
  return values;
}

void measure_values(std::vector<float> values, LesionRegion& region) {
  region.histogram = region_histogram(values);
  region.fit = fit_gaussian(values, *region.histogram);
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  region.lowest_hu = *lowest, region.highest_hu = *highest;
  // Linear interpolation between order statistics, as numeric/statistics.h; each search narrows the next.
  auto start = values.begin();
  for (std::size_t n = 0; n < kReportedPercentiles.size(); ++n) {
    const double rank = kReportedPercentiles[n] / 100 * static_cast<double>(values.size() - 1);
    const auto low = values.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(start, low, values.end());
    const double above = low + 1 == values.end() ? *low : *std::min_element(low + 1, values.end());
    region.percentiles_hu[n] = *low + (rank - std::floor(rank)) * (above - *low);
    start = low;
  }
}

void measure_place(const Geometry& geometry, std::span<const VoxelRun> runs, LesionRegion& region) {
  Vec3 sum;
  region.voxels = 0;
  region.bounds = {geometry.size, {0, 0, 0}};
  for (const VoxelRun& run : runs) {
    const std::int64_t row = run.first / geometry.size.i;
    const Int3 first{run.first % geometry.size.i, row % geometry.size.j, row / geometry.size.j};
    const double length = run.length;
    region.voxels += run.length;
    sum = sum + Vec3{length * (static_cast<double>(first.i) + 0.5 * (length - 1)),
                     length * static_cast<double>(first.j), length * static_cast<double>(first.k)};
    for (int axis = 0; axis < 3; ++axis) {
      const std::int64_t last = first[axis] + (axis == 0 ? run.length : 1);
      region.bounds.low[axis] = std::min(region.bounds.low[axis], first[axis]);
      region.bounds.high[axis] = std::max(region.bounds.high[axis], last);
    }
  }
  region.volume_ml = static_cast<double>(region.voxels) * geometry.voxel_volume_ml();
  region.centroid_lps_mm = geometry.world_from_index((1 / static_cast<double>(region.voxels)) * sum);
}

void measure_interior(const LesionPatch& patch, const LiverReference& liver, LesionRegion& region) {
  region.evidence = measure_evidence(patch, liver);
  if (!region.evidence.interior_hu.empty()) {
    region.interior_fit = fit_gaussian(region.evidence.interior_hu);
    region.interior_pair = fit_gaussian_pair(region.evidence.interior_hu, liver.correlated_voxels);
  }
  region.evidence.interior_hu.clear();
}

std::vector<VoxelRun> runs_of_own(const LesionPatch& patch, const Geometry& geometry) {
  std::vector<std::int64_t> offsets;
  for (Int3 at; at.k < patch.size.k; ++at.k)
    for (at.j = 0; at.j < patch.size.j; ++at.j)
      for (at.i = 0; at.i < patch.size.i; ++at.i) {
        if (patch.tissue[patch.offset(at)] != Tissue::kOwn) continue;
        const Int3 index = patch.volume_index(at);
        offsets.push_back(index.i + geometry.size.i * (index.j + geometry.size.j * index.k));
      }
  std::sort(offsets.begin(), offsets.end());
  std::vector<VoxelRun> runs;
  for (const std::int64_t offset : offsets) {
    const bool goes_on =
        !runs.empty() && runs.back().first + runs.back().length == offset && offset % geometry.size.i != 0;
    if (goes_on) {
      ++runs.back().length;
    } else {
      runs.push_back({offset, 1, 0});
    }
  }
  return runs;
}

}  // namespace hepar
