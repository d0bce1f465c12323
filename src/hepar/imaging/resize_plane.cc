// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/resize_plane.h"

#include <algorithm>
#include <array>

#include "hepar/imaging/axis_pass.h"
#include "hepar/imaging/lines.h"

namespace hepar::detail {
namespace {

// The weighted sums for one tap of all lanes.
void weigh(const std::vector<double>& values, const CubicTap& tap, std::array<double, kLanes>& sums) {
  const double* const a = values.data() + tap.first * kLanes;
  const auto [w0, w1, w2, w3] = tap.weights;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    sums[lane] = w0 * a[lane] + w1 * a[lane + kLanes] + w2 * a[lane + 2 * kLanes] + w3 * a[lane + 3 * kLanes];
  }
}

// Sums of two rows' samples or of four, in the order the rows come in.
template <std::size_t kRows>
void combine(const std::array<const double*, 4>& rows, const std::vector<LinearTap>& columns, float* result) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const LinearTap& tap = columns[i];
    double sum = 0;
    for (std::size_t r = 0; r < kRows; ++r) {
      sum += rows[r][tap.low] * tap.low_weight;
      sum += rows[r][tap.high] * tap.high_weight;
    }
    result[i] = static_cast<float>(sum);
  }
}

}  // namespace

void resize_plane_cubic(const float* plane, PlaneSize size, const CubicTaps& taps, PlaneScratch& scratch,
                        double* result, std::int64_t stride) {
  const auto width = static_cast<std::int64_t>(taps.columns.size());
  // A little longer than the row: rows a power of two apart would fall into the same cache lines.
  const std::int64_t step = width + 8;
  auto& [wide, values] = scratch;
  wide.resize(static_cast<std::size_t>(size.height * step));
  std::array<double, kLanes> sums{};
  for (std::int64_t y = 0; y < size.height; y += kLanes) {
    const std::int64_t lanes = std::min(kLanes, size.height - y);
    gather<float>({plane + y * size.width, lanes, size.width, 1, size.width}, kSplinePadding, values);
    prefilter(values);
    for (std::int64_t x = 0; x < width; ++x) {
      weigh(values, taps.columns[static_cast<std::size_t>(x)], sums);
      double* const to = wide.data() + y * step + x;
      for (std::int64_t lane = 0; lane < lanes; ++lane)
        to[lane * step] = sums[static_cast<std::size_t>(lane)];
    }
  }
  for (std::int64_t x = 0; x < width; x += kLanes) {
    const std::int64_t lanes = std::min(kLanes, width - x);
    gather<double>({wide.data() + x, lanes, 1, step, size.height}, kSplinePadding, values);
    prefilter(values);
    for (std::size_t y = 0; y < taps.rows.size(); ++y) {
      weigh(values, taps.rows[y], sums);
      std::copy_n(sums.data(), lanes, result + static_cast<std::int64_t>(y) * stride + x);
    }
  }
}

void resize_row_linear(const LinearRow& from, const std::vector<LinearTap>& columns,
                       std::vector<double>& scratch, float* result) {
  const std::int64_t width = from.width;
  scratch.resize(static_cast<std::size_t>(4 * width));
  const auto weighted = [&](std::size_t r, const float* row, double slice_weight, double row_weight) {
    double* const to = scratch.data() + static_cast<std::int64_t>(r) * width;
    for (std::int64_t x = 0; x < width; ++x) to[x] = row[x] * slice_weight * row_weight;
    return static_cast<const double*>(to);
  };
  const LinearTap& k = from.slice;
  const LinearTap& j = from.row;
  std::array<const double*, 4> rows{weighted(0, from.low + j.low * width, k.low_weight, j.low_weight),
                                    weighted(1, from.low + j.high * width, k.low_weight, j.high_weight),
                                    nullptr, nullptr};
  if (k.high_weight == 0) {
    combine<2>(rows, columns, result);
    return;
  }
  rows[2] = weighted(2, from.high + j.low * width, k.high_weight, j.low_weight);
  rows[3] = weighted(3, from.high + j.high * width, k.high_weight, j.high_weight);
  combine<4>(rows, columns, result);
}

}  // namespace hepar::detail
