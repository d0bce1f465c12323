// SPDX-License-Identifier: Apache-2.0
// Used by tests only.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include "hepar/core/random.h"
#include "hepar/imaging/connected_components.h"
#include "hepar/lesion/lesion_patch.h"
#include "hepar/lesion/liver_reference.h"
#include "hepar/volume/volume.h"

namespace hepar::testing_case {

struct Ball {
  Vec3 centre_mm;  // index times spacing
  double radius_mm = 0;
};

inline Geometry grid(Int3 size, Vec3 spacing_mm) {
  Geometry geometry;
  geometry.size = size;
  geometry.spacing_mm = spacing_mm;
  return geometry;
}

// A CT that is liver alone, without noise, and its labels.
struct PaintedCase {
  explicit PaintedCase(float liver_hu = 110, const Geometry& geometry = grid({72, 72, 36}, {0.75, 0.75, 1.5}))
      : ct(geometry, liver_hu), labels(geometry, kLiver) {}

  static constexpr double kSigmaMm = 0.6;  // the point spread, in plane

  // Calls `visit(offset, z_mm, rho_mm)` for all voxels in and near the ball: height over its centre and
  // distance from the axis through it.
  template <class Visit>
  void for_each(const Ball& ball, Visit visit) {
    const Geometry& g = ct.geometry();
    const double reach_mm = ball.radius_mm + 5 * kSigmaMm;
    Int3 low, high;
    for (int axis = 0; axis < 3; ++axis) {
      const double middle = ball.centre_mm[axis] / g.spacing_mm[axis], reach = reach_mm / g.spacing_mm[axis];
      low[axis] = std::max<std::int64_t>(0, std::lround(middle - reach));
      high[axis] = std::min<std::int64_t>(g.size[axis], std::lround(middle + reach) + 1);
    }
    for (std::int64_t k = low.k; k < high.k; ++k)
      for (std::int64_t j = low.j; j < high.j; ++j)
        for (std::int64_t i = low.i; i < high.i; ++i) {
          const double x = static_cast<double>(i) * g.spacing_mm.x - ball.centre_mm.x,
                       y = static_cast<double>(j) * g.spacing_mm.y - ball.centre_mm.y;
          visit(ct.offset({i, j, k}), static_cast<double>(k) * g.spacing_mm.z - ball.centre_mm.z,
                std::hypot(x, y));
        }
  }
  // Each slice's disc, its edge blurred by the Gaussian point spread: a share Phi((r - rho) / sigma) of the
  // ball's HU. (The edge's curvature moves it by sigma^2 / 2r only, 0.02 mm at 10 mm.)
  void paint(const Ball& ball, double hu) {
    for_each(ball, [&](std::size_t n, double z, double rho) {
      if (std::abs(z) >= ball.radius_mm) return;
      const double r = std::sqrt(ball.radius_mm * ball.radius_mm - z * z);
      const double share = 0.5 * std::erfc((rho - r) / (kSigmaMm * std::numbers::sqrt2));
      ct.voxels()[n] = static_cast<float>(share * hu + (1 - share) * ct.voxels()[n]);
    });
  }
  // The voxels whose centres lie in the ball.
  void label(const Ball& ball, std::uint8_t value) {
    for_each(ball, [&](std::size_t n, double z, double rho) {
      if (std::hypot(z, rho) <= ball.radius_mm) labels.voxels()[n] = value;
    });
  }
  void add(const Ball& ball, double hu) { paint(ball, hu), label(ball, kTumour); }
  void add_noise(double sd_hu, std::uint64_t seed = 1) {
    Random random(seed);
    for (float& hu : ct.voxels()) hu += static_cast<float>(random.normal(0, sd_hu));
  }
  Vec3 middle_mm() const {
    const Geometry& g = ct.geometry();
    return {static_cast<double>(g.size.i / 2) * g.spacing_mm.x,
            static_cast<double>(g.size.j / 2) * g.spacing_mm.y,
            static_cast<double>(g.size.k / 2) * g.spacing_mm.z};
  }
  std::int64_t count(std::uint8_t value) const {
    return std::count(labels.voxels().begin(), labels.voxels().end(), value);
  }
  // The patch of the n-th tumour region.
  LesionPatch patch(std::size_t n = 0, const PatchOptions& options = {}) const {
    const ComponentRuns found = find_components(labels, kTumour);
    const Component& component = found.components.at(n);
    return cut_patch(ct, labels, found.runs_of(component), component.bounds, options);
  }

  CtVolume ct;
  LabelMap labels;
};

// What measure_liver() finds in such a case with white noise.
inline LiverReference liver_of(double median_hu, double noise_hu) {
  LiverReference liver;
  liver.source = LiverSource::kLabel;
  liver.voxels = 100000;
  liver.median_hu = liver.mean_hu = median_hu;
  liver.std_hu = liver.noise_hu = noise_hu;
  liver.correlated_voxels = 1;  // the tests' noise is white
  liver.unenhanced = median_hu <= kUnenhancedLiverHu;
  liver.psf_sigma_mm = PaintedCase::kSigmaMm;
  return liver;
}

}  // namespace hepar::testing_case
