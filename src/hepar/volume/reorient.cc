// SPDX-License-Identifier: Apache-2.0
#include "hepar/volume/reorient.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"

namespace hepar {
namespace {

// World axis and sign of a letter, in LPS.
std::pair<int, double> axis_of_letter(char letter) {
  switch (letter) {
    case 'L':
      return {0, 1.0};
    case 'R':
      return {0, -1.0};
    case 'P':
      return {1, 1.0};
    case 'A':
      return {1, -1.0};
    case 'S':
      return {2, 1.0};
    case 'I':
      return {2, -1.0};
    default:
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("'{}' is no orientation letter; use L R P A S I", letter));
  }
}

}  // namespace

AxisOrder axis_order_for(const Geometry& geometry, std::string_view orientation) {
  if (orientation.size() != 3) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("'{}' is no orientation; give three letters such as LPS", orientation));
  }
  std::array<int, 3> world{};
  std::array<double, 3> sign{};
  for (std::size_t n = 0; n < 3; ++n) std::tie(world[n], sign[n]) = axis_of_letter(orientation[n]);
  if (world[0] == world[1] || world[1] == world[2] || world[0] == world[2]) {
    throw Error(ErrorCode::kInvalidInput, fmt::format("'{}' names one patient axis twice", orientation));
  }
  // Of the six assignments of source axes to result axes, the one whose axes agree best.
  constexpr int kPermutations[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  AxisOrder best;
  double best_score = -1;
  for (const auto& permutation : kPermutations) {
    double score = 0;
    for (int a = 0; a < 3; ++a)
      score += std::abs(geometry.direction.column(permutation[a])[world[static_cast<std::size_t>(a)]]);
    if (score <= best_score + 1e-9) continue;
    best_score = score;
    for (int a = 0; a < 3; ++a) {
      best.source_axis[a] = permutation[a];
      const auto n = static_cast<std::size_t>(a);
      best.flipped[a] = geometry.direction.column(permutation[a])[world[n]] * sign[n] < 0;
    }
  }
  return best;
}

std::optional<AxisOrder> axis_order_onto(const Geometry& from, const Geometry& to) {
  constexpr double kParallel = 0.999;  // grid_difference decides; this only finds the partner
  AxisOrder order;
  for (int a = 0; a < 3; ++a) {
    int source = -1;
    for (int s = 0; s < 3; ++s) {
      const double cosine = from.direction.column(s).dot(to.direction.column(a));
      if (std::abs(cosine) < kParallel) continue;
      source = s;
      order.flipped[a] = cosine < 0;
    }
    if (source < 0) return std::nullopt;
    order.source_axis[a] = source;
  }
  if (grid_difference(reorient(from, order), to)) return std::nullopt;
  return order;
}

void lay_onto(LabelMap& labels, const Geometry& grid) {
  const auto difference = grid_difference(labels.geometry(), grid);
  if (!difference) return;
  const auto order = axis_order_onto(labels.geometry(), grid);
  if (!order) {
    throw Error(ErrorCode::kInvalidInput,
                "the label map lies on another grid: " + *difference + "; resample it first");
  }
  const LabelMap turned = reorient(labels, *order);
  labels = LabelMap(grid);
  std::copy(turned.voxels().begin(), turned.voxels().end(), labels.voxels().begin());
}

AxisOrder inverse(const AxisOrder& order) {
  AxisOrder result;
  for (int a = 0; a < 3; ++a) {
    result.source_axis[order.source_axis[a]] = a;
    result.flipped[order.source_axis[a]] = order.flipped[a];
  }
  return result;
}

Geometry reorient(const Geometry& geometry, const AxisOrder& order) {
  Geometry result;
  Vec3 first;  // source index of the result's first voxel
  for (int a = 0; a < 3; ++a) {
    const int s = order.source_axis[a];
    result.size[a] = geometry.size[s];
    result.spacing_mm[a] = geometry.spacing_mm[s];
    const double sign = order.flipped[a] ? -1.0 : 1.0;
    result.direction.set_column(a, sign * geometry.direction.column(s));
    first[s] = order.flipped[a] ? static_cast<double>(geometry.size[s] - 1) : 0.0;
  }
  result.origin_mm = geometry.world_from_index(first);
  return result;
}

template <class T>
Volume<T> reorient(const Volume<T>& volume, const AxisOrder& order) {
  Volume<T> result(reorient(volume.geometry(), order));
  const Int3 size = result.size();
  const std::array<std::int64_t, 3> stride{1, volume.size().i, volume.size().i * volume.size().j};
  std::int64_t start = 0;
  std::array<std::int64_t, 3> step{};
  for (int a = 0; a < 3; ++a) {
    const int s = order.source_axis[a];
    const std::int64_t along = stride[static_cast<std::size_t>(s)];
    step[static_cast<std::size_t>(a)] = order.flipped[a] ? -along : along;
    if (order.flipped[a]) start += along * (volume.size()[s] - 1);
  }
  const auto source = volume.voxels();
  const auto target = result.voxels();
  parallel_for(size.k, [&](std::int64_t k) {
    for (std::int64_t j = 0; j < size.j; ++j) {
      std::int64_t from = start + k * step[2] + j * step[1];
      const auto to = result.offset({0, j, k});
      for (std::int64_t i = 0; i < size.i; ++i, from += step[0]) {
        target[to + static_cast<std::size_t>(i)] = source[static_cast<std::size_t>(from)];
      }
    }
  });
  return result;
}

template Volume<float> reorient(const Volume<float>&, const AxisOrder&);
template Volume<std::uint8_t> reorient(const Volume<std::uint8_t>&, const AxisOrder&);
template Volume<std::uint16_t> reorient(const Volume<std::uint16_t>&, const AxisOrder&);

}  // namespace hepar
