// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "hepar/volume/volume.h"

namespace hepar {

// A permutation and flips of the voxel axes; no voxel value changes and none is lost.
struct AxisOrder {
  int source_axis[3] = {0, 1, 2};           // result axis a runs along this axis of the source
  bool flipped[3] = {false, false, false};  // ... and backwards
};

// The order that brings `geometry` closest to the given patient orientation, three letters telling to
// where i, j and k increase: "LPS" is Hepar's world, "RAS" that of nnU-Net's reorienting readers
// (SimpleITK's DICOMOrient, nibabel's as_closest_canonical). Throws Error(kInvalidInput) for other text.
AxisOrder axis_order_for(const Geometry& geometry, std::string_view orientation);

// The same world seen through reordered axes.
Geometry reorient(const Geometry& geometry, const AxisOrder& order);
template <class T>
Volume<T> reorient(const Volume<T>& volume, const AxisOrder& order);

// The order that lays the grid `from` exactly onto the grid `to` (by grid_difference), such as a label map
// whose converter turned the rows around; nothing when the grids differ in more than the order of axes.
std::optional<AxisOrder> axis_order_onto(const Geometry& from, const Geometry& to);

// Brings a label map onto `grid` when it lies there but its voxels are stored in another order of axes, as
// some converters of DICOM leave them. Error(kInvalidInput) naming the difference when it lies elsewhere.
void lay_onto(LabelMap& labels, const Geometry& grid);

// Undoes reorient(): reorient(reorient(v, order), inverse(order)) == v.
AxisOrder inverse(const AxisOrder& order);

extern template Volume<float> reorient(const Volume<float>&, const AxisOrder&);
extern template Volume<std::uint8_t> reorient(const Volume<std::uint8_t>&, const AxisOrder&);
extern template Volume<std::uint16_t> reorient(const Volume<std::uint16_t>&, const AxisOrder&);

}  // namespace hepar
