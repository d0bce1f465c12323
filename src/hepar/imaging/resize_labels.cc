// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <limits>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/resize.h"
#include "hepar/imaging/resize_taps.h"

namespace hepar {
namespace {

using detail::LinearTap;
using Label = std::int16_t;

constexpr int kMixed = std::numeric_limits<int>::max();  // several labels, none of an int16

// The eight samples around a voxel and their weights, the last axis fastest.
struct Corners {
  std::array<Label, 8> labels;
  std::array<double, 8> weights;
};

// The greatest label whose weights make half. The sums of the 0/1 masks, in their order.
Label winner(const Corners& corners) {
  Label best = 0;
  bool found = false;
  for (const Label label : corners.labels) {
    if (found && label <= best) continue;
    double share = 0;
    for (std::size_t n = 0; n < 8; ++n) share += corners.labels[n] == label ? corners.weights[n] : 0.0;
    if (share < 0.5) continue;
    best = label;
    found = true;
  }
  return best;
}

// The four rows of labels around a row of the result, and the products of slice and row weights.
struct Rows {
  std::array<const Label*, 4> at;
  std::array<double, 4> weights;

  int common(std::int64_t x) const {
    const Label label = at[0][x];
    return at[1][x] == label && at[2][x] == label && at[3][x] == label ? label : kMixed;
  }
  Corners corners(const LinearTap& tap) const {
    Corners result{};
    for (std::size_t r = 0; r < 4; ++r) {
      result.labels[2 * r] = at[r][tap.low], result.weights[2 * r] = weights[r] * tap.low_weight;
      result.labels[2 * r + 1] = at[r][tap.high], result.weights[2 * r + 1] = weights[r] * tap.high_weight;
    }
    return result;
  }
};

void resize_row(const Rows& rows, std::int64_t width, const std::vector<LinearTap>& columns,
                std::vector<int>& common, Label* result) {
  common.resize(static_cast<std::size_t>(width));
  for (std::int64_t x = 0; x < width; ++x) common[static_cast<std::size_t>(x)] = rows.common(x);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const LinearTap& tap = columns[i];
    const int low = common[static_cast<std::size_t>(tap.low)];
    // Where all samples agree there is nothing to weigh.
    const bool constant = low != kMixed && low == common[static_cast<std::size_t>(tap.high)];
    result[i] = constant ? static_cast<Label>(low) : winner(rows.corners(tap));
  }
}

}  // namespace

void resize_labels(Int3 size, std::span<const std::int16_t> labels, Int3 new_size, const ResizeRule& rule,
                   std::span<std::int16_t> result) {
  if (rule.order != 0 && rule.order != 1) {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("Hepar can't resample labels with splines of order {}; it knows the orders 0 and 1.",
                    rule.order));
  }
  HEPAR_EXPECT(labels.size() == static_cast<std::size_t>(size.count()) &&
                   result.size() == static_cast<std::size_t>(new_size.count()) && !labels.empty(),
               "the labels do not fill their sizes");
  std::array<std::vector<LinearTap>, 3> taps;
  for (int axis = 0; axis < 3; ++axis) {
    const int order = rule.slice_axis == axis ? 0 : rule.order;
    taps[static_cast<std::size_t>(axis)] = detail::linear_taps(size[axis], new_size[axis], order);
  }
  parallel_for(new_size.k, [&](std::int64_t k) {
    const LinearTap& slice = taps[2][static_cast<std::size_t>(k)];
    std::vector<int> common;
    for (std::int64_t j = 0; j < new_size.j; ++j) {
      const LinearTap& row = taps[1][static_cast<std::size_t>(j)];
      const auto at = [&](std::int64_t y, std::int64_t z) {
        return labels.data() + (z * size.j + y) * size.i;
      };
      const Rows rows{{at(row.low, slice.low), at(row.high, slice.low), at(row.low, slice.high),
                       at(row.high, slice.high)},
                      {slice.low_weight * row.low_weight, slice.low_weight * row.high_weight,
                       slice.high_weight * row.low_weight, slice.high_weight * row.high_weight}};
      resize_row(rows, size.i, taps[0], common, result.data() + (k * new_size.j + j) * new_size.i);
    }
  });
}

}  // namespace hepar
