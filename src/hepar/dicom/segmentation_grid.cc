// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/dicom/segmentation.h"

namespace hepar {
namespace {

constexpr double kInPlaneMm = 0.01, kSamePlaceMm = 0.01;
constexpr double kAcross = 0.1;             // of the slice distance
constexpr double kMostVoxels = 4294967296;  // 2^32, a byte each in a mask

// Where frames lie along the normal, each place once.
struct Places {
  Vec3 first_mm;
  std::vector<double> offsets_mm{0};
  double smallest_gap_mm = 0;  // 0: one place
};

Places places_of(const Segmentation& segmentation) {
  const Vec3 normal = segmentation.plane.direction.column(2);
  std::vector<std::pair<double, Vec3>> sorted;
  for (const SegmentFrame& frame : segmentation.frames) {
    const Vec3 step = frame.position_mm - segmentation.plane.origin_mm;
    if (const Vec3 aside = step - step.dot(normal) * normal; !(aside.norm() <= kInPlaneMm)) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("the segmentation's frames are shifted against each other by {:.2f} mm in "
                              "plane; give the CT that it was made on with --reference",
                              aside.norm()));
    }
    sorted.emplace_back(step.dot(normal), frame.position_mm);
  }
  std::ranges::sort(sorted, {}, [](const auto& place) { return place.first; });
  Places places;
  places.first_mm = sorted.front().second;
  for (const auto& [at_mm, position] : sorted) {
    const double offset = at_mm - sorted.front().first, gap = offset - places.offsets_mm.back();
    if (gap < kSamePlaceMm) continue;
    places.offsets_mm.push_back(offset);
    if (places.smallest_gap_mm == 0 || gap < places.smallest_gap_mm) places.smallest_gap_mm = gap;
  }
  return places;
}

// True when all offsets are whole numbers of `step_mm`.
bool is_multiple(const std::vector<double>& offsets_mm, double step_mm) {
  return std::ranges::all_of(offsets_mm, [step_mm](double offset) {
    return std::abs(offset / step_mm - std::round(offset / step_mm)) <= kAcross;
  });
}

// The distance that the file states and its frames bear out.
double slice_distance_mm(const Segmentation& segmentation, const Places& places) {
  constexpr double kEqual = 0.01;  // relative
  if (const auto stated = segmentation.slice_spacing_mm; stated && is_multiple(places.offsets_mm, *stated))
    return *stated;
  const auto thickness = segmentation.slice_thickness_mm;
  const double gap = places.smallest_gap_mm, whole = places.offsets_mm.back();
  if (thickness && gap == 0) return *thickness;
  if (thickness && std::abs(*thickness - gap) <= kEqual * gap) {
    // The mean over all steps is finer than one step, whose ends are rounded.
    const double mean = whole / std::round(whole / gap);
    if (is_multiple(places.offsets_mm, mean)) return mean;
  }
  throw Error(
      ErrorCode::kInvalidInput,
      fmt::format("the distance of the segmentation's slices would be a guess: its frames lie at {} "
                  "places, at least {:.3f} mm apart, and it states no spacing or slice thickness that "
                  "fits them; give the CT that it was made on with --reference",
                  places.offsets_mm.size(), gap));
}

}  // namespace

Geometry segmentation_grid(const Segmentation& segmentation) {
  HEPAR_EXPECT(!segmentation.frames.empty(), "a segmentation has frames");
  const Places places = places_of(segmentation);
  Geometry grid = segmentation.plane;
  grid.origin_mm = places.first_mm;
  grid.spacing_mm.z = slice_distance_mm(segmentation, places);
  const double slices = std::round(places.offsets_mm.back() / grid.spacing_mm.z) + 1;
  if (!(static_cast<double>(grid.size.i * grid.size.j) * slices <= kMostVoxels)) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("the segmentation's frames lie so far apart that its grid has {} x {} x {:.0f} "
                            "voxels; up to {:.0f} are read",
                            grid.size.i, grid.size.j, slices, kMostVoxels));
  }
  grid.size.k = static_cast<std::int64_t>(slices);
  check_geometry(grid);
  return grid;
}

}  // namespace hepar
