// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/resample.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/axis_pass.h"

namespace hepar {
namespace {

using detail::AxisTable;
using detail::FloatView;

// Continuous indices this near to a whole number are that number, so that equal grids give equal values.
constexpr double kIndexTolerance = 1e-6;
// Axes count as parallel when neglecting their angle moves no voxel by more than this, in source voxels.
constexpr double kParallelTolerance = 1e-3;

// source index = offset + matrix * target index.
struct IndexMap {
  Mat3 matrix;
  Vec3 offset;
  Int3 source_size;
  bool parallel = true;

  double snapped(double index) const {
    const double whole = std::round(index);
    return std::abs(index - whole) < kIndexTolerance ? whole : index;
  }
  bool inside(double index, int axis) const {
    return index >= -0.5 - kIndexTolerance &&
           index <= static_cast<double>(source_size[axis]) - 0.5 + kIndexTolerance;
  }
  Vec3 source_index(Int3 target) const {
    const Vec3 index = offset + matrix * to_vec(target);
    return {snapped(index.x), snapped(index.y), snapped(index.z)};
  }
};

IndexMap make_index_map(const Geometry& source, const Geometry& target) {
  check_geometry(source);
  check_geometry(target);
  IndexMap map;
  map.source_size = source.size;
  map.offset = source.index_from_world(target.origin_mm);
  const Mat3 turn = source.direction.transposed() * target.direction;
  Vec3 drift;  // of the target's middle by the axes' angle, kept when the angle itself is neglected
  for (int b = 0; b < 3; ++b) {
    for (int a = 0; a < 3; ++a) {
      const double step = turn.at[b][a] * target.spacing_mm[a] / source.spacing_mm[b];
      const double extent = step * static_cast<double>(target.size[a] - 1);
      map.matrix.at[b][a] = step;
      if (a == b) continue;
      drift[b] += extent / 2;
      map.parallel = map.parallel && std::abs(extent) < kParallelTolerance;
    }
  }
  if (!map.parallel) return map;
  map.offset = map.offset + drift;
  for (int b = 0; b < 3; ++b) {
    for (int a = 0; a < 3; ++a) map.matrix.at[b][a] = a == b ? map.matrix.at[b][a] : 0.0;
  }
  return map;
}

// Source indices along one axis of parallel grids, for the target voxels low <= t < high.
std::vector<double> axis_indices(const IndexMap& map, int axis, std::int64_t low, std::int64_t high) {
  std::vector<double> indices;
  for (std::int64_t t = low; t < high; ++t) {
    indices.push_back(map.snapped(map.offset[axis] + map.matrix.at[axis][axis] * static_cast<double>(t)));
  }
  return indices;
}

// The part of `box` whose voxels lie in the source's field; parallel grids only.
Box3 box_inside(const IndexMap& map, const Box3& box) {
  Box3 result = box;
  for (int axis = 0; axis < 3; ++axis) {
    const auto indices = axis_indices(map, axis, box.low[axis], box.high[axis]);
    const auto is_inside = [&](double index) { return map.inside(index, axis); };
    const auto first = std::find_if(indices.begin(), indices.end(), is_inside);
    const auto last = std::find_if_not(first, indices.end(), is_inside);
    result.low[axis] = box.low[axis] + (first - indices.begin());
    result.high[axis] = box.low[axis] + (last - indices.begin());
  }
  return result;
}

template <class T>
void copy_nearest(const Volume<T>& source, const IndexMap& map, const Box3& inside, Int3 low,
                  Volume<T>& result) {
  std::array<std::vector<std::int64_t>, 3> from;
  for (int axis = 0; axis < 3; ++axis) {
    for (const double index : axis_indices(map, axis, inside.low[axis], inside.high[axis])) {
      const auto nearest = static_cast<std::int64_t>(std::floor(index + 0.5));
      from[static_cast<std::size_t>(axis)].push_back(
          std::clamp<std::int64_t>(nearest, 0, source.size()[axis] - 1));
    }
  }
  parallel_for(inside.size().k, [&](std::int64_t k) {
    for (std::int64_t j = 0; j < inside.size().j; ++j) {
      const T* const row =
          &source[{0, from[1][static_cast<std::size_t>(j)], from[2][static_cast<std::size_t>(k)]}];
      T* const to = &result[inside.low - low + Int3{0, j, k}];
      for (std::size_t i = 0; i < from[0].size(); ++i) to[i] = row[from[0][i]];
    }
  });
}

// Table and, for short kernels, the part of the source line it needs: [low, high).
struct AxisPlan {
  AxisTable table;
  std::int64_t low = 0, high = 0;
};

AxisPlan plan_axis(const IndexMap& map, int axis, std::int64_t target_size, const Box3& inside,
                   Interpolation interpolation) {
  const auto all = axis_indices(map, axis, 0, target_size);
  const bool on_samples = std::all_of(all.begin(), all.end(), [](double x) { return x == std::round(x); });
  AxisPlan plan{detail::make_axis_table(axis_indices(map, axis, inside.low[axis], inside.high[axis]),
                                        on_samples ? Interpolation::kNearest : interpolation),
                0, map.source_size[axis]};
  if (plan.table.taps == 4) return plan;
  const auto [least, most] = std::minmax_element(plan.table.first.begin(), plan.table.first.end());
  const std::int64_t last = plan.high - 1;
  plan.low = std::clamp<std::int64_t>(*least, 0, last);
  plan.high = std::clamp<std::int64_t>(*most + plan.table.taps - 1, 0, last) + 1;
  for (auto& first : plan.table.first) first -= plan.low;
  return plan;
}

// The axes in the order of their passes: the one that shrinks most first. A property of the two grids,
// not of the box, so that parts of a result have the bits of the whole.
std::array<int, 3> pass_order(const IndexMap& map) {
  std::array<int, 3> order{0, 1, 2};
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return std::abs(map.matrix.at[a][a]) > std::abs(map.matrix.at[b][b]);
  });
  return order;
}

void interpolate_parallel(const Volume<float>& source, const IndexMap& map, std::array<AxisPlan, 3>& plans,
                          float* result, Int3 result_stride) {
  Int3 low;
  FloatView view;
  for (int axis = 0; axis < 3; ++axis) {
    const AxisPlan& plan = plans[static_cast<std::size_t>(axis)];
    low[axis] = plan.low;
    view.size[axis] = plan.high - plan.low;
  }
  view.data = &source[low];
  view.stride = {1, source.size().i, source.size().i * source.size().j};
  std::vector<float> before, after;
  int passes = 0;
  for (const int axis : pass_order(map)) {
    const AxisTable& table = plans[static_cast<std::size_t>(axis)].table;
    Int3 size = view.size;
    size[axis] = static_cast<std::int64_t>(table.first.size());
    if (++passes == 3) {
      detail::resample_axis(view, axis, table, result, result_stride);
      return;
    }
    after.resize(static_cast<std::size_t>(size.count()));
    const Int3 stride{1, size.i, size.i * size.j};
    detail::resample_axis(view, axis, table, after.data(), stride);
    std::swap(before, after);
    view = {before.data(), size, stride};
  }
}

// Spline coefficients of the samples -2 .. size + 1 along each axis: all that lie under a kernel.
constexpr std::int64_t kCoefficientMargin = 2;
Volume<float> spline_coefficients(const Volume<float>& source) {
  Volume<float> current;
  for (int axis = 0; axis < 3; ++axis) {
    const Volume<float>& from = axis == 0 ? source : current;
    AxisTable table;
    table.taps = 4;
    Geometry grid = from.geometry();
    grid.size[axis] += 2 * kCoefficientMargin;
    for (std::int64_t t = 0; t < grid.size[axis]; ++t) {
      table.first.push_back(t - kCoefficientMargin);
      table.weights.push_back({1, 0, 0, 0});
    }
    Volume<float> next(grid);
    const Int3 size = from.size();
    detail::resample_axis({from.voxels().data(), size, {1, size.i, size.i * size.j}}, axis, table,
                          next.voxels().data(), {1, next.size().i, next.size().i * next.size().j});
    current = std::move(next);
  }
  return current;
}

// The kernel's weighted sum over samples, or coefficients that reach `margin` further on all sides.
double sum_at(const Volume<float>& samples, std::int64_t margin, Vec3 index, Interpolation interpolation) {
  std::array<std::array<double, 4>, 3> weights{};
  std::array<std::array<std::int64_t, 4>, 3> from{};
  const std::size_t taps = interpolation == Interpolation::kCubic ? 4 : 2;
  for (int axis = 0; axis < 3; ++axis) {
    const auto a = static_cast<std::size_t>(axis);
    const std::int64_t first = detail::taps_at(index[axis], interpolation, weights[a]) + margin;
    for (std::size_t tap = 0; tap < taps; ++tap) {
      from[a][tap] =
          std::clamp<std::int64_t>(first + static_cast<std::int64_t>(tap), 0, samples.size()[axis] - 1);
    }
  }
  double sum = 0;
  for (std::size_t c = 0; c < taps; ++c) {
    for (std::size_t b = 0; b < taps; ++b) {
      const float* const row = &samples[{0, from[1][b], from[2][c]}];
      const double weight = weights[2][c] * weights[1][b];
      for (std::size_t a = 0; a < taps; ++a) sum += weight * weights[0][a] * row[from[0][a]];
    }
  }
  return sum;
}

// Calls visit(voxel of the result, source index) for all voxels of `box` in the source's field.
template <class T, class Visit>
void for_each_inside(const IndexMap& map, const Box3& box, Volume<T>& result, const Visit& visit) {
  parallel_for(box.size().k, [&](std::int64_t k) {
    for (std::int64_t j = 0; j < box.size().j; ++j) {
      for (std::int64_t i = 0; i < box.size().i; ++i) {
        const Vec3 index = map.source_index(box.low + Int3{i, j, k});
        if (!map.inside(index.x, 0) || !map.inside(index.y, 1) || !map.inside(index.z, 2)) continue;
        visit(result[{i, j, k}], index);
      }
    }
  });
}

template <class T>
void copy_nearest_oblique(const Volume<T>& source, const IndexMap& map, const Box3& box, Volume<T>& result) {
  for_each_inside(map, box, result, [&](T& voxel, Vec3 index) {
    Int3 nearest;
    for (int axis = 0; axis < 3; ++axis) {
      nearest[axis] = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(index[axis] + 0.5)), 0,
                                               source.size()[axis] - 1);
    }
    voxel = source[nearest];
  });
}

template <class T>
void resample_nearest(const Volume<T>& source, const IndexMap& map, const Box3& box, Volume<T>& result) {
  if (!map.parallel) return copy_nearest_oblique(source, map, box, result);
  const Box3 inside = box_inside(map, box);
  if (!inside.empty()) copy_nearest(source, map, inside, box.low, result);
}

// Cuts the overshoot of the cubic spline; voxels beyond the field keep their value.
void clip_to_range(const Volume<float>& source, const Box3& part, Volume<float>& result) {
  std::vector<std::pair<float, float>> ranges(static_cast<std::size_t>(source.size().k));
  parallel_for(source.size().k, [&](std::int64_t k) {
    const float* const slice = &source[{0, 0, k}];
    const auto [low, high] = std::minmax_element(slice, slice + source.size().i * source.size().j);
    ranges[static_cast<std::size_t>(k)] = {*low, *high};
  });
  auto [low, high] = ranges.front();
  for (const auto& range : ranges) low = std::min(low, range.first), high = std::max(high, range.second);
  parallel_for(part.size().k, [&, low = low, high = high](std::int64_t k) {
    for (std::int64_t j = 0; j < part.size().j; ++j) {
      float* const row = &result[part.low + Int3{0, j, k}];
      for (std::int64_t i = 0; i < part.size().i; ++i) row[i] = std::clamp(row[i], low, high);
    }
  });
}

void interpolate_oblique(const Volume<float>& source, const IndexMap& map, const Box3& box,
                         Interpolation interpolation, Volume<float>& result) {
  if (interpolation == Interpolation::kLinear) {
    for_each_inside(map, box, result, [&](float& voxel, Vec3 index) {
      voxel = static_cast<float>(sum_at(source, 0, index, interpolation));
    });
    return;
  }
  const Volume<float> coefficients = spline_coefficients(source);
  const auto [low, high] = std::minmax_element(source.voxels().begin(), source.voxels().end());
  for_each_inside(map, box, result, [&, low = *low, high = *high](float& voxel, Vec3 index) {
    const double sum = sum_at(coefficients, kCoefficientMargin, index, interpolation);
    voxel = std::clamp(static_cast<float>(sum), low, high);
  });
}

}  // namespace

Volume<float> resample(const Volume<float>& source, const Geometry& target, Interpolation interpolation,
                       float outside_value) {
  return resample_box(source, target, whole_box(target), interpolation, outside_value);
}

Volume<float> resample_box(const Volume<float>& source, const Geometry& target, const Box3& box,
                           Interpolation interpolation, float outside_value) {
  HEPAR_EXPECT(intersection(box, whole_box(target)) == box, "the box reaches beyond the target grid");
  const IndexMap map = make_index_map(source.geometry(), target);
  Volume<float> result(box_geometry(target, box), outside_value);
  if (interpolation == Interpolation::kNearest) {
    resample_nearest(source, map, box, result);
    return result;
  }
  if (!map.parallel) {
    interpolate_oblique(source, map, box, interpolation, result);
    return result;
  }
  const Box3 inside = box_inside(map, box);
  if (inside.empty()) return result;
  std::array<AxisPlan, 3> plans;
  for (int axis = 0; axis < 3; ++axis) {
    plans[static_cast<std::size_t>(axis)] = plan_axis(map, axis, target.size[axis], inside, interpolation);
  }
  const Box3 part{inside.low - box.low, inside.high - box.low};
  interpolate_parallel(source, map, plans, &result[part.low],
                       {1, result.size().i, result.size().i * result.size().j});
  if (interpolation == Interpolation::kCubic) clip_to_range(source, part, result);
  return result;
}

LabelMap resample_labels(const LabelMap& source, const Geometry& target) {
  LabelMap result(target);
  resample_nearest(source, make_index_map(source.geometry(), target), whole_box(target), result);
  return result;
}

Geometry geometry_with_spacing(const Geometry& geometry, Vec3 spacing_mm) {
  Geometry result = geometry;
  Vec3 first;  // index of the new first voxel centre in the old grid
  for (int axis = 0; axis < 3; ++axis) {
    if (!std::isfinite(spacing_mm[axis]) || spacing_mm[axis] <= 0) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("the wanted voxel spacing along {} is {} mm; it must be positive", "ijk"[axis],
                              spacing_mm[axis]));
    }
    const auto voxels = static_cast<double>(geometry.size[axis]);
    const double wanted = std::nearbyint(geometry.spacing_mm[axis] / spacing_mm[axis] * voxels);
    const double size = std::max(1.0, wanted);
    result.size[axis] = static_cast<std::int64_t>(size);
    result.spacing_mm[axis] = geometry.spacing_mm[axis] * voxels / size;
    first[axis] = voxels / size / 2 - 0.5;
  }
  result.origin_mm = geometry.world_from_index(first);
  check_geometry(result);
  return result;
}

}  // namespace hepar
