// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/axis_pass.h"

#include <algorithm>
#include <cmath>

#include "hepar/core/parallel.h"
#include "hepar/imaging/lines.h"

namespace hepar::detail {
namespace {

// out[t * kLanes + l]: the table's weighted sums over the gathered lines.
void weigh(const std::vector<double>& values, std::int64_t padding, const AxisTable& table,
           std::vector<float>& out) {
  const auto count = static_cast<std::int64_t>(table.first.size());
  const std::int64_t last = static_cast<std::int64_t>(values.size()) / kLanes - 1;
  out.resize(static_cast<std::size_t>(count * kLanes));
  for (std::int64_t t = 0; t < count; ++t) {
    std::array<double, kLanes> sum{};
    for (int tap = 0; tap < table.taps; ++tap) {
      const std::int64_t index =
          std::clamp<std::int64_t>(table.first[static_cast<std::size_t>(t)] + tap + padding, 0, last);
      const double weight = table.weights[static_cast<std::size_t>(t)][static_cast<std::size_t>(tap)];
      const double* const from = values.data() + index * kLanes;
      for (std::size_t lane = 0; lane < kLanes; ++lane) sum[lane] += weight * from[lane];
    }
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      out[static_cast<std::size_t>(t * kLanes) + lane] = static_cast<float>(sum[lane]);
    }
  }
}

// Puts lane l's value t where it belongs; lanes are neighbours along i, or along j when `axis` is i.
void scatter(const std::vector<float>& values, std::int64_t lanes, int axis, float* to, Int3 stride) {
  const auto count = static_cast<std::int64_t>(values.size()) / kLanes;
  if (axis != 0) {
    for (std::int64_t t = 0; t < count; ++t) {
      std::copy_n(values.data() + t * kLanes, lanes, to + t * stride[axis]);
    }
    return;
  }
  for (std::int64_t lane = 0; lane < lanes; ++lane) {
    const float* const from = values.data() + lane;
    for (std::int64_t t = 0; t < count; ++t) to[lane * stride.j + t] = from[t * kLanes];
  }
}

}  // namespace

void prefilter(std::vector<double>& values) {
  const double pole = kSplinePole;
  const auto length = static_cast<std::int64_t>(values.size()) / kLanes;
  double* const at = values.data();
  for (double& value : values) value *= 6.0;
  // pole^32 < 1e-18: further terms of the causal start value are below rounding.
  const std::int64_t horizon = std::min<std::int64_t>(length, 32);
  double power = pole;
  for (std::int64_t t = 1; t < horizon; ++t, power *= pole) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) at[lane] += power * at[t * kLanes + lane];
  }
  for (std::int64_t n = kLanes; n < length * kLanes; ++n) at[n] += pole * at[n - kLanes];
  const std::int64_t last = (length - 1) * kLanes;
  const double factor = pole / (pole * pole - 1.0);
  for (std::int64_t lane = 0; lane < kLanes; ++lane) {
    at[last + lane] = factor * (pole * at[last + lane - kLanes] + at[last + lane]);
  }
  for (std::int64_t n = last - 1; n >= 0; --n) at[n] = pole * (at[n + kLanes] - at[n]);
}

std::int64_t taps_at(double index, Interpolation interpolation, std::array<double, 4>& weights) {
  if (interpolation == Interpolation::kNearest) {
    weights = {1, 0, 0, 0};
    return static_cast<std::int64_t>(std::floor(index + 0.5));
  }
  const double low = std::floor(index);
  const double x = index - low, y = 1.0 - x;
  if (interpolation == Interpolation::kLinear) {
    weights = {y, x, 0, 0};
    return static_cast<std::int64_t>(low);
  }
  weights = {y * y * y / 6.0, (x * x * (x - 2.0) * 3.0 + 4.0) / 6.0, (y * y * (y - 2.0) * 3.0 + 4.0) / 6.0,
             0};
  weights[3] = 1.0 - weights[0] - weights[1] - weights[2];
  return static_cast<std::int64_t>(low) - 1;
}

AxisTable make_axis_table(const std::vector<double>& indices, Interpolation interpolation) {
  AxisTable table;
  table.taps = interpolation == Interpolation::kNearest ? 1 : interpolation == Interpolation::kLinear ? 2 : 4;
  table.first.resize(indices.size());
  table.weights.resize(indices.size());
  for (std::size_t t = 0; t < indices.size(); ++t) {
    table.first[t] = taps_at(indices[t], interpolation, table.weights[t]);
  }
  return table;
}

void resample_axis(const FloatView& source, int axis, const AxisTable& table, float* result, Int3 stride) {
  // Lanes run along i, or along j when i itself is resampled; tasks along the remaining axis.
  const int across = axis == 0 ? 1 : 0;
  const int over = 3 - axis - across;
  const bool cubic = table.taps == 4;
  parallel_for(source.size[over], [&](std::int64_t n) {
    std::vector<double> values;
    std::vector<float> out;
    for (std::int64_t start = 0; start < source.size[across]; start += kLanes) {
      const std::int64_t lanes = std::min(kLanes, source.size[across] - start);
      const float* const from = source.data + n * source.stride[over] + start * source.stride[across];
      gather<float>({from, lanes, source.stride[across], source.stride[axis], source.size[axis]},
                    cubic ? kSplinePadding : 0, values);
      if (cubic) prefilter(values);
      weigh(values, cubic ? kSplinePadding : 0, table, out);
      scatter(out, lanes, axis, result + n * stride[over] + start * stride[across], stride);
    }
  });
}

}  // namespace hepar::detail
