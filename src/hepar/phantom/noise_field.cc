// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/noise_field.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace hepar::phantom {
namespace {

// Mean over all places of the sum of squared B-spline weights is (66/120)^3 in three dimensions; its
// root is the standard deviation of the field under unit normal lattice values.
const double kSplineSd = std::pow(66.0 / 120.0, 1.5);

struct SplineWeights {
  std::int64_t first;
  std::array<double, 3> weight;
};

SplineWeights spline_weights(double coordinate) {
  const double nearest = std::round(coordinate);
  const double t = coordinate - nearest;
  return {static_cast<std::int64_t>(nearest) - 1,
          {0.5 * (0.5 - t) * (0.5 - t), 0.75 - t * t, 0.5 * (0.5 + t) * (0.5 + t)}};
}

}  // namespace

NoiseField::NoiseField(Random random, Vec3 low_mm, Vec3 high_mm, std::span<const Octave> octaves)
    : low_mm_(low_mm) {
  step_mm_ = octaves[0].scale_mm / 2;
  for (const Octave& octave : octaves) step_mm_ = std::min(step_mm_, octave.scale_mm / 2);
  for (int axis = 0; axis < 3; ++axis)
    size_[axis] = static_cast<std::int64_t>(std::ceil((high_mm[axis] - low_mm[axis]) / step_mm_)) + 2;
  values_.assign(static_cast<std::size_t>(size_.count()), 0.0F);
  for (std::size_t n = 0; n < octaves.size(); ++n) add_octave(random.fork(n), octaves[n]);
}

void NoiseField::add_octave(Random random, const Octave& octave) {
  const double ratio = step_mm_ / octave.scale_mm;
  Int3 count;
  for (int axis = 0; axis < 3; ++axis)
    count[axis] = static_cast<std::int64_t>(std::ceil(static_cast<double>(size_[axis]) * ratio)) + 4;
  std::vector<float> lattice(static_cast<std::size_t>(count.count()));
  for (float& value : lattice) value = static_cast<float>(random.normal(0, octave.sd / kSplineSd));
  std::size_t at = 0;
  for (std::int64_t k = 0; k < size_.k; ++k) {
    const SplineWeights wk = spline_weights(1.0 + ratio * static_cast<double>(k));
    for (std::int64_t j = 0; j < size_.j; ++j) {
      const SplineWeights wj = spline_weights(1.0 + ratio * static_cast<double>(j));
      for (std::int64_t i = 0; i < size_.i; ++i) {
        const SplineWeights wi = spline_weights(1.0 + ratio * static_cast<double>(i));
        double sum = 0;
        for (std::size_t c = 0; c < 9; ++c) {
          const auto row = wi.first + count.i * (wj.first + static_cast<std::int64_t>(c % 3) +
                                                 count.j * (wk.first + static_cast<std::int64_t>(c / 3)));
          const float* v = &lattice[static_cast<std::size_t>(row)];
          sum += wk.weight[c / 3] * wj.weight[c % 3] *
                 (wi.weight[0] * v[0] + wi.weight[1] * v[1] + wi.weight[2] * v[2]);
        }
        values_[at++] += static_cast<float>(sum);
      }
    }
  }
}

double NoiseField::operator()(Vec3 place_mm) const {
  std::array<std::size_t, 3> cell{};
  std::array<double, 3> t{};
  for (int axis = 0; axis < 3; ++axis) {
    const double limit = static_cast<double>(size_[axis] - 1) - 1e-6;
    const double c = std::clamp((place_mm[axis] - low_mm_[axis]) / step_mm_, 0.0, limit);
    const auto n = static_cast<std::size_t>(axis);
    cell[n] = static_cast<std::size_t>(c);
    t[n] = c - static_cast<double>(cell[n]);
  }
  const auto ni = static_cast<std::size_t>(size_.i);
  const std::size_t nij = ni * static_cast<std::size_t>(size_.j);
  const float* v = &values_[cell[0] + ni * cell[1] + nij * cell[2]];
  const auto row = [&](const float* r) { return r[0] + t[0] * (r[1] - r[0]); };
  const double low = row(v) + t[1] * (row(v + ni) - row(v));
  const double high = row(v + nij) + t[1] * (row(v + nij + ni) - row(v + nij));
  return low + t[2] * (high - low);
}

}  // namespace hepar::phantom
