// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/box.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "hepar/core/parallel.h"

namespace hepar {
namespace {

// First byte of [from, end) that is `value`; end when there is none.
struct OfValue {
  std::uint8_t value;
  const std::uint8_t* next(const std::uint8_t* from, const std::uint8_t* end) const {
    const void* found = std::memchr(from, value, static_cast<std::size_t>(end - from));
    return found == nullptr ? end : static_cast<const std::uint8_t*>(found);
  }
  bool matches(std::uint8_t voxel) const { return voxel == value; }
};

// First byte of [from, end) that is not 0, skipping zeros eight at a time.
struct NotZero {
  const std::uint8_t* next(const std::uint8_t* from, const std::uint8_t* end) const {
    for (; end - from >= 8; from += 8) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, from, 8);
      if (eight != 0) break;
    }
    return std::find_if(from, end, [](std::uint8_t voxel) { return voxel != 0; });
  }
  bool matches(std::uint8_t voxel) const { return voxel != 0; }
};

void include_row(Box3& box, std::int64_t first, std::int64_t last, std::int64_t j) {
  box.low.i = std::min(box.low.i, first), box.high.i = std::max(box.high.i, last + 1);
  box.low.j = std::min(box.low.j, j), box.high.j = std::max(box.high.j, j + 1);
}

template <class Rule>
Box3 box_in_slice(const std::uint8_t* slice, Int3 size, const Rule& rule) {
  Box3 box{size, {0, 0, 0}};
  const std::uint8_t* const end = slice + size.i * size.j;
  for (const std::uint8_t* at = rule.next(slice, end); at != end; at = rule.next(at, end)) {
    const std::int64_t j = (at - slice) / size.i;
    const std::uint8_t* const row = slice + j * size.i;
    const std::uint8_t* last = row + size.i - 1;
    while (!rule.matches(*last)) --last;
    include_row(box, at - row, last - row, j);
    at = row + size.i;
  }
  return box;
}

template <class Rule>
std::optional<Box3> find_box(const LabelMap& labels, const Rule& rule) {
  const Int3 size = labels.size();
  std::vector<Box3> of_slice(static_cast<std::size_t>(size.k));
  parallel_for(size.k, [&](std::int64_t k) {
    of_slice[static_cast<std::size_t>(k)] = box_in_slice(&labels[{0, 0, k}], size, rule);
  });
  Box3 box{size, {0, 0, 0}};
  for (std::int64_t k = 0; k < size.k; ++k) {
    const Box3& slice = of_slice[static_cast<std::size_t>(k)];
    if (slice.low.i >= slice.high.i) continue;
    include_row(box, slice.low.i, slice.high.i - 1, slice.low.j);
    include_row(box, slice.low.i, slice.high.i - 1, slice.high.j - 1);
    box.low.k = std::min(box.low.k, k), box.high.k = k + 1;
  }
  if (box.empty()) return std::nullopt;
  return box;
}

}  // namespace

Box3 intersection(const Box3& a, const Box3& b) {
  Box3 result;
  for (int axis = 0; axis < 3; ++axis) {
    result.low[axis] = std::max(a.low[axis], b.low[axis]);
    result.high[axis] = std::min(a.high[axis], b.high[axis]);
  }
  return result;
}

Box3 grown_box(const Box3& box, Vec3 spacing_mm, double margin_mm) {
  Box3 result = box;
  for (int axis = 0; axis < 3; ++axis) {
    const auto margin = static_cast<std::int64_t>(std::ceil(margin_mm / spacing_mm[axis]));
    result.low[axis] -= margin, result.high[axis] += margin;
  }
  return result;
}

Box3 enclosing_box(const Box3& a, const Box3& b) {
  Box3 result;
  for (int axis = 0; axis < 3; ++axis) {
    result.low[axis] = std::min(a.low[axis], b.low[axis]);
    result.high[axis] = std::max(a.high[axis], b.high[axis]);
  }
  return result;
}

std::optional<Box3> bounding_box(const LabelMap& labels, std::uint8_t value) {
  return find_box(labels, OfValue{value});
}

std::optional<Box3> bounding_box(const Mask& mask) { return find_box(mask, NotZero{}); }

Geometry box_geometry(const Geometry& geometry, const Box3& box) {
  Geometry result = geometry;
  result.size = box.size();
  result.origin_mm = geometry.world_from_index(to_vec(box.low));
  check_geometry(result);
  return result;
}

template <class T>
Volume<T> crop(const Volume<T>& volume, const Box3& box, T outside) {
  Volume<T> result(box_geometry(volume.geometry(), box), outside);
  const Box3 common = intersection(box, whole_box(volume.geometry()));
  if (common.empty()) return result;
  const auto row = static_cast<std::size_t>(common.size().i);
  parallel_for(common.size().k, [&](std::int64_t slice) {
    const std::int64_t k = common.low.k + slice;
    for (std::int64_t j = common.low.j; j < common.high.j; ++j) {
      const Int3 from{common.low.i, j, k};
      std::memcpy(&result[from - box.low], &volume[from], row * sizeof(T));
    }
  });
  return result;
}

template Volume<float> crop(const Volume<float>&, const Box3&, float);
template Volume<std::uint8_t> crop(const Volume<std::uint8_t>&, const Box3&, std::uint8_t);

}  // namespace hepar
