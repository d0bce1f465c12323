// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "hepar/volume/volume.h"

namespace hepar {

// All voxels of a grid.
inline Box3 whole_box(const Geometry& geometry) { return {{0, 0, 0}, geometry.size}; }

// The voxels that lie in both boxes; empty() when there are none.
Box3 intersection(const Box3& a, const Box3& b);

// The smallest box that holds both.
Box3 enclosing_box(const Box3& a, const Box3& b);

// The box with `margin_mm` more on every side, in whole voxels rounded up; it may reach beyond the grid.
Box3 grown_box(const Box3& box, Vec3 spacing_mm, double margin_mm);

// The smallest box around the voxels of that value, or of any value but 0; nothing when there are none.
std::optional<Box3> bounding_box(const LabelMap& labels, std::uint8_t value);
std::optional<Box3> bounding_box(const Mask& mask);

// The grid of a box's voxels, at the same place in the world. The box may reach beyond the grid.
// Throws Error(kInvalidInput) for an empty box.
Geometry box_geometry(const Geometry& geometry, const Box3& box);

// The voxels of a box; where it reaches beyond the volume, `outside`. So this crops and pads.
template <class T>
Volume<T> crop(const Volume<T>& volume, const Box3& box, T outside = {});

extern template Volume<float> crop(const Volume<float>&, const Box3&, float);
extern template Volume<std::uint8_t> crop(const Volume<std::uint8_t>&, const Box3&, std::uint8_t);

}  // namespace hepar
