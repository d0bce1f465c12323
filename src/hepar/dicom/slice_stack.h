// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hepar/volume/geometry.h"

namespace hepar::dicom {

// Where one slice lies: the Image Plane attributes of PS3.3 C.7.6.2.
struct SlicePlane {
  Vec3 position_mm;                      // centre of the first pixel
  Vec3 row_direction, column_direction;  // of increasing column and row index
  double column_spacing_mm = 1;          // between columns, along row_direction
  double row_spacing_mm = 1;
  std::int64_t columns = 0, rows = 0;
};

// "axial", "coronal" or "sagittal", whichever is nearest.
const char* orientation_name(const SlicePlane& plane);

// The planes of equal size, pixel spacing and orientation (1e-4), by their indices; the kind of most planes
// first.
std::vector<std::vector<std::size_t>> slice_kinds(std::span<const SlicePlane> planes);

// How slices make a volume.
struct SliceStack {
  Geometry geometry;               // evenly spaced, resampled or not
  std::vector<std::size_t> order;  // the slices used, along +k, no two at one place
  std::vector<double> offsets_mm;  // of each along the normal, from the first
  std::vector<std::pair<std::size_t, std::size_t>> duplicates;  // (used, left out): must have equal pixels
  bool resampled = false;  // the volume's slices must be interpolated at k * spacing from offsets_mm
  std::vector<std::string> notes;
};

// Applies the geometry gate that ct_series.h describes; throws Error(kInvalidInput) where it refuses.
SliceStack stack_slices(std::span<const SlicePlane> planes, bool resample_irregular);

}  // namespace hepar::dicom
