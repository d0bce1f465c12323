// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/region_evidence.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "hepar/lesion/plane_distance.h"
#include "hepar/numeric/least_squares.h"

namespace hepar {
namespace {

constexpr double kCapMm = kEvidenceMarginMm;
constexpr double kBinMm = 0.5;
constexpr int kBins = 20;  // -5 to 5 mm
constexpr double kLowestBinMm = -5;
constexpr double kInteriorMm = 2;
constexpr double kBlockMm = 5;

struct Profile {
  std::array<double, kBins> sum{}, depth_sum{}, count{};
  // Mean depth of the bin's voxels: on a grid they do not spread evenly over the bin.
  double depth_mm(std::size_t bin) const { return depth_sum[bin] / count[bin]; }
  void add(double depth, double hu) {
    const double at = (depth - kLowestBinMm) / kBinMm;
    if (at < 0) return;
    const auto bin = std::min(static_cast<std::size_t>(at), static_cast<std::size_t>(kBins) - 1);
    sum[bin] += hu;
    depth_sum[bin] += depth;
    ++count[bin];
  }
};

struct InteriorVoxel {
  float depth_mm, hu;
  std::int32_t block;
};

// Sums over the patch, slice by slice.
class EvidenceScan {
 public:
  EvidenceScan(const LesionPatch& patch, const LiverReference& liver) : patch_(patch), liver_(liver) {}

  RegionEvidence run() {
    measure_shape();
    measure_slices();
    measure_interior();
    fit_edge();
    count_extremes();
    return evidence_;
  }

 private:
  bool own(std::int64_t at) const { return patch_.tissue[static_cast<std::size_t>(at)] == Tissue::kOwn; }
  void measure_shape();
  void measure_slices();
  void measure_slice(std::int64_t k);
  bool lateral(std::int64_t at, std::int64_t k, bool inside) const;
  void measure_interior();
  void measure_unevenness(double depth_mm);
  void fit_edge();
  double offset_error_mm(const EdgeFit& edge) const;
  void find_rim(const EdgeFit& edge);
  void count_extremes();

  const LesionPatch& patch_;
  const LiverReference& liver_;
  RegionEvidence evidence_;
  std::int64_t own_voxels_ = 0, low_slice_ = 0, high_slice_ = -1;
  std::int64_t slice_reach_ = 0;
  Profile profile_;
  std::vector<InteriorVoxel> inner_;
};

void EvidenceScan::measure_shape() {
  Vec3 sum;
  std::array<double, 6> square{};
  std::int64_t at = 0;
  high_slice_ = -1, low_slice_ = patch_.size.k;
  for (std::int64_t k = 0; k < patch_.size.k; ++k)
    for (std::int64_t j = 0; j < patch_.size.j; ++j)
      for (std::int64_t i = 0; i < patch_.size.i; ++i, ++at) {
        if (!own(at)) continue;
        const Vec3 p{static_cast<double>(i) * patch_.spacing_mm.x,
                     static_cast<double>(j) * patch_.spacing_mm.y,
                     static_cast<double>(k) * patch_.spacing_mm.z};
        ++own_voxels_;
        sum = sum + p;
        square[0] += p.x * p.x, square[1] += p.y * p.y, square[2] += p.z * p.z;
        square[3] += p.x * p.y, square[4] += p.x * p.z, square[5] += p.y * p.z;
        low_slice_ = std::min(low_slice_, k), high_slice_ = k;
      }
  const double n = static_cast<double>(own_voxels_);
  const Vec3 s = patch_.spacing_mm, m = (1 / n) * sum;
  const double volume = n * s.x * s.y * s.z;
  evidence_.diameter_mm = std::cbrt(6 * volume / std::numbers::pi);
  Mat3 moments;  // covariance, with each voxel's own extent
  moments.at = {
      {{square[0] / n - m.x * m.x + s.x * s.x / 12, square[3] / n - m.x * m.y, square[4] / n - m.x * m.z},
       {square[3] / n - m.x * m.y, square[1] / n - m.y * m.y + s.y * s.y / 12, square[5] / n - m.y * m.z},
       {square[4] / n - m.x * m.z, square[5] / n - m.y * m.z, square[2] / n - m.z * m.z + s.z * s.z / 12}}};
  // An ellipsoid of semi-axes a has the moments a^2 / 5.
  const double root = std::sqrt(std::max(moments.determinant(), 0.0));
  const double ellipsoid = 4.0 / 3 * std::numbers::pi * std::pow(5, 1.5) * root;
  const double trace = moments.at[0][0] + moments.at[1][1] + moments.at[2][2];
  evidence_.roundness =
      ellipsoid > 0 ? std::min(1.0, volume / ellipsoid) * root / std::pow(trace / 3, 1.5) : 0;
}

bool EvidenceScan::lateral(std::int64_t at, std::int64_t k, bool inside) const {
  const std::int64_t area = patch_.size.i * patch_.size.j;
  for (std::int64_t step = 1; step <= slice_reach_; ++step) {
    const bool above = k + step < patch_.size.k && own(at + step * area);
    const bool below = k - step >= 0 && own(at - step * area);
    if (above != inside || below != inside) return false;
  }
  return true;
}

void EvidenceScan::measure_slices() {
  const std::int64_t slices = high_slice_ - low_slice_ + 1;
  const auto wanted = std::max<std::int64_t>(1, std::lround(kInteriorMm / patch_.spacing_mm.z));
  slice_reach_ = std::min(wanted, (slices - 1) / 2);
  constexpr std::int64_t kEnoughVoxels = 20'000;  // of a large region every n-th slice is enough
  const std::int64_t stride = 1 + own_voxels_ / kEnoughVoxels;
  for (std::int64_t k = low_slice_ + stride / 2; k <= high_slice_; k += stride) measure_slice(k);
}

void EvidenceScan::measure_slice(std::int64_t k) {
  const PlaneGrid grid{patch_.size.i, patch_.size.j, patch_.spacing_mm.x, patch_.spacing_mm.y};
  const auto area = static_cast<std::size_t>(grid.width * grid.height);
  const Tissue* const tissue = &patch_.tissue[static_cast<std::size_t>(k) * area];
  std::vector<std::uint8_t> set(area);
  const auto distance_to = [&](auto belongs, RowRange rows) {
    std::transform(tissue, tissue + area, set.begin(),
                   [&](Tissue t) { return static_cast<std::uint8_t>(belongs(t)); });
    return plane_distance_mm(set, grid, kCapMm, rows);
  };
  const Tissue* const first_own = std::find(tissue, tissue + area, Tissue::kOwn);
  if (first_own == tissue + area) return;
  const Tissue* last_own = tissue + area - 1;
  while (*last_own != Tissue::kOwn) --last_own;
  const RowRange own_rows{(first_own - tissue) / grid.width, (last_own - tissue) / grid.width + 1};
  const auto margin = static_cast<std::int64_t>(std::ceil(kCapMm / grid.height_mm));
  const RowRange near_rows{std::max<std::int64_t>(0, own_rows.first - margin),
                           std::min(grid.height, own_rows.end + margin)};
  const auto to_own = distance_to([](Tissue t) { return t == Tissue::kOwn; }, near_rows);
  const auto to_liver = distance_to([](Tissue t) { return t == Tissue::kParenchyma; }, own_rows);
  const auto to_other =
      distance_to([](Tissue t) { return t == Tissue::kOutside || t == Tissue::kOtherLesion; }, near_rows);
  const auto block = static_cast<std::int64_t>(std::max(1L, std::lround(kBlockMm / patch_.spacing_mm.x)));
  const auto blocks_in_row = patch_.size.i / block + 1,
             blocks_in_plane = blocks_in_row * (patch_.size.j / block + 1);
  const auto block_slices = std::max(1L, std::lround(kBlockMm / patch_.spacing_mm.z));
  constexpr double kClearMm = 2.5;  // from what is neither liver nor the region: no share of it in the voxel
  for (auto n = static_cast<std::size_t>(near_rows.first * grid.width);
       n < static_cast<std::size_t>(near_rows.end * grid.width); ++n) {
    if (tissue[n] != Tissue::kOwn && tissue[n] != Tissue::kParenchyma) continue;
    const bool inside = tissue[n] == Tissue::kOwn;
    if (!inside && (to_own[n] >= kCapMm || to_other[n] < kClearMm)) continue;
    const auto in_plane = static_cast<std::int64_t>(n);
    const std::int64_t at = k * static_cast<std::int64_t>(area) + in_plane;
    if (!lateral(at, k, inside)) continue;
    const float hu = patch_.hu[static_cast<std::size_t>(at)];
    if (!inside) {
      profile_.add(-to_own[n], hu);
      continue;
    }
    const float depth_mm = std::min(to_liver[n], to_other[n]);
    if (to_other[n] >= std::min(kCapMm, to_liver[n] + kClearMm)) profile_.add(depth_mm, hu);
    const std::int64_t i = in_plane % patch_.size.i, j = in_plane / patch_.size.i;
    inner_.push_back({depth_mm, hu,
                      static_cast<std::int32_t>(i / block + blocks_in_row * (j / block) +
                                                blocks_in_plane * (k / block_slices))});
  }
}

void EvidenceScan::measure_interior() {
  float deepest = 0;
  for (const InteriorVoxel& voxel : inner_) deepest = std::max(deepest, voxel.depth_mm);
  const double depth_mm = std::min(kInteriorMm, 0.5 * deepest);
  double sum = 0, squares = 0;
  std::int64_t count = 0;
  for (const InteriorVoxel& voxel : inner_) {
    if (voxel.depth_mm < depth_mm) continue;
    evidence_.interior_hu.push_back(voxel.hu);
    ++count, sum += voxel.hu, squares += static_cast<double>(voxel.hu) * voxel.hu;
  }
  evidence_.interior_voxels = count;
  if (count == 0) return;
  const double n = static_cast<double>(count), mean = sum / n;
  evidence_.interior_mean_hu = mean;
  if (count > 1) evidence_.interior_std_hu = std::sqrt(std::max(0.0, (squares - n * mean * mean) / (n - 1)));
  evidence_.interior_error_hu = liver_.noise_hu * std::sqrt(std::max(1.0, liver_.correlated_voxels) / n);
  measure_unevenness(depth_mm);
}

void EvidenceScan::measure_unevenness(double depth_mm) {
  struct Block {
    double sum = 0, count = 0;
  };
  std::int32_t last = 0;
  for (const InteriorVoxel& voxel : inner_) last = std::max(last, voxel.block);
  std::vector<Block> blocks(static_cast<std::size_t>(last) + 1);
  double largest = 0;
  for (const InteriorVoxel& voxel : inner_) {
    if (voxel.depth_mm < depth_mm) continue;
    Block& block = blocks[static_cast<std::size_t>(voxel.block)];
    block.sum += voxel.hu;
    largest = std::max(largest, ++block.count);
  }
  double weighted = 0, expected = 0, used = 0, darkest = 1e9, brightest = -1e9;
  for (const Block& block : blocks) {
    if (block.count < 0.4 * largest || block.count < 1) continue;
    const double away = block.sum / block.count - *evidence_.interior_mean_hu;
    const double noise = liver_.noise_hu * liver_.noise_hu *
                         std::min(1.0, std::max(1.0, liver_.correlated_voxels) / block.count);
    weighted += away * away, expected += noise, ++used;
    darkest = std::min(darkest, block.sum / block.count),
    brightest = std::max(brightest, block.sum / block.count);
  }
  if (used < 4) return;
  evidence_.darkest_block_hu = darkest, evidence_.brightest_block_hu = brightest;
  if (expected <= 0) return;
  evidence_.unevenness = std::sqrt(weighted / (used - 1) / (expected / used));
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

void EvidenceScan::fit_edge() {
  std::vector<double> depth, hu, weight;
  double inside = 0, outside = 0, inside_hu = 0, outside_hu = 0;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    if (profile_.count[bin] < 1) continue;
    const double d = profile_.depth_mm(bin);
    depth.push_back(d), hu.push_back(profile_.sum[bin] / profile_.count[bin]);
    weight.push_back(std::sqrt(std::min(profile_.count[bin], 2000.0)));
    (d > 0 ? inside : outside) += profile_.count[bin];
    if (d < -2) outside_hu = outside_hu == 0 ? hu.back() : 0.5 * (outside_hu + hu.back());
    inside_hu = hu.back();
  }
  if (depth.size() < 5 || inside < 5 || outside < 5) return;
  LeastSquaresProblem problem;
  problem.residual_count = depth.size();
  problem.residuals = [&](std::span<const double> p, std::span<double> r) {
    for (std::size_t n = 0; n < depth.size(); ++n)
      r[n] = weight[n] * (p[0] + (p[1] - p[0]) * normal_cdf((p[2] - depth[n]) / p[3]) - hu[n]);
  };
  problem.derivatives = [&](std::span<const double> p, std::span<double> d) {
    const std::size_t count = depth.size();
    for (std::size_t n = 0; n < count; ++n) {
      const double z = (p[2] - depth[n]) / p[3], phi = normal_cdf(z);
      const double density = std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi);
      d[n] = weight[n] * (1 - phi), d[count + n] = weight[n] * phi;
      d[2 * count + n] = weight[n] * (p[1] - p[0]) * density / p[3];
      d[3 * count + n] = -weight[n] * (p[1] - p[0]) * density * z / p[3];
    }
  };
  const std::array<double, 4> start{inside_hu, outside_hu == 0 ? liver_.median_hu.value_or(110) : outside_hu,
                                    0.0, 0.8};
  const LeastSquaresFit fit = fit_least_squares(problem, start, 100);
  const EdgeFit edge{fit.parameters[0], fit.parameters[1], fit.parameters[2], std::abs(fit.parameters[3]),
                     std::max(patch_.spacing_mm.x, patch_.spacing_mm.y)};
  const bool sensible = std::isfinite(edge.offset_mm) && std::abs(edge.offset_mm) < 6 && edge.width_mm < 6 &&
                        std::abs(edge.core_hu) < 1000 && std::abs(edge.surroundings_hu) < 1000;
  if (sensible) {
    evidence_.edge = edge;
    evidence_.edge->error_mm = offset_error_mm(edge);
    find_rim(edge);
  }
}

// By the slope's information: Var(offset) = noise^2 / sum (dh/d offset)^2.
double EvidenceScan::offset_error_mm(const EdgeFit& edge) const {
  double information = 0;
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    if (profile_.count[bin] < 1) continue;
    const double z = (edge.offset_mm - profile_.depth_mm(bin)) / std::max(edge.width_mm, 0.5 * kBinMm);
    const double slope = (edge.surroundings_hu - edge.core_hu) * std::exp(-0.5 * z * z) /
                         (std::sqrt(2 * std::numbers::pi) * std::max(edge.width_mm, 0.5 * kBinMm));
    information += profile_.count[bin] * slope * slope;
  }
  const double variance = liver_.noise_hu * liver_.noise_hu * std::max(1.0, liver_.correlated_voxels);
  return information > 0 ? std::min(kCapMm, std::sqrt(variance / information)) : kCapMm;
}

void EvidenceScan::find_rim(const EdgeFit& edge) {
  for (std::size_t bin = 0; bin < kBins; ++bin) {
    if (profile_.count[bin] < 8 || std::abs(profile_.depth_mm(bin)) > 2) continue;
    const double error =
        liver_.noise_hu * std::sqrt(std::max(1.0, liver_.correlated_voxels) / profile_.count[bin]);
    const double excess = profile_.sum[bin] / profile_.count[bin] - 2 * error - edge.surroundings_hu;
    evidence_.rim_excess_hu = std::max(evidence_.rim_excess_hu.value_or(excess), excess);
  }
}

void EvidenceScan::count_extremes() {
  const double core = evidence_.interior_mean_hu.value_or(0);
  const double dense = std::max(200.0, core + 5 * liver_.noise_hu),
               gas = std::min(-100.0, core - 6 * liver_.noise_hu);
  for (std::size_t n = 0; n < patch_.hu.size(); ++n) {
    if (patch_.tissue[n] != Tissue::kOwn) continue;
    evidence_.dense_voxels += patch_.hu[n] > dense;
  }
  // Not at the border: there a contour's error takes in fat and lung.
  constexpr float kInsideMm = 1.5F;
  for (const InteriorVoxel& voxel : inner_)
    evidence_.gas_voxels += voxel.depth_mm >= kInsideMm && voxel.hu < gas;
}

}  // namespace

RegionEvidence measure_evidence(const LesionPatch& patch, const LiverReference& liver) {
  return EvidenceScan(patch, liver).run();
}

}  // namespace hepar
