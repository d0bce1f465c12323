// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "hepar/volume/geometry.h"

namespace hepar {

// Voxels plus their geometry; the two never travel apart. Storage: i fastest, then j, then k.
template <class T>
class Volume {
 public:
  Volume() = default;
  explicit Volume(const Geometry& geometry, T fill = {}) : geometry_(geometry) {
    check_geometry(geometry);
    voxels_.assign(static_cast<std::size_t>(geometry.size.count()), fill);
  }
  const Geometry& geometry() const { return geometry_; }
  Int3 size() const { return geometry_.size; }
  std::span<const T> voxels() const { return voxels_; }
  std::span<T> voxels() { return voxels_; }

  std::size_t offset(Int3 index) const {
    return static_cast<std::size_t>(index.i + geometry_.size.i * (index.j + geometry_.size.j * index.k));
  }
  T& operator[](Int3 index) { return voxels_[offset(index)]; }
  const T& operator[](Int3 index) const { return voxels_[offset(index)]; }
  bool contains(Int3 index) const {
    return index.i >= 0 && index.j >= 0 && index.k >= 0 && index.i < geometry_.size.i &&
           index.j < geometry_.size.j && index.k < geometry_.size.k;
  }

 private:
  Geometry geometry_;
  std::vector<T> voxels_;
};

using CtVolume = Volume<float>;              // Hounsfield units
using LabelMap = Volume<std::uint8_t>;       // one label per voxel
using WideLabelMap = Volume<std::uint16_t>;  // the same, for models of any number of labels
using Mask = Volume<std::uint8_t>;           // 0 outside, 1 inside

// The values of Hepar's own label maps.
inline constexpr std::uint8_t kBackground = 0, kLiver = 1, kTumour = 2, kCyst = 3;

// Half-open box of voxels: low <= index < high.
struct Box3 {
  Int3 low, high;
  Int3 size() const { return high - low; }
  bool empty() const { return low.i >= high.i || low.j >= high.j || low.k >= high.k; }
  friend bool operator==(const Box3&, const Box3&) = default;
};

}  // namespace hepar
