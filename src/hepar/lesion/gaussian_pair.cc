// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/gaussian_pair.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "hepar/numeric/histogram.h"

namespace hepar {
namespace {

struct Bin {
  double hu, count;
};

struct Law {
  double share = 0, mean = 0, sd = 1;
  double log_height() const { return std::log(share / sd) - 0.5 * std::log(2 * std::numbers::pi); }
};

// Share, mean and SD of the bins under weights.
template <class Weight>
Law weighted_law(std::span<const Bin> bins, double total, const Weight& weight) {
  double n = 0, sum = 0, squares = 0;
  for (std::size_t b = 0; b < bins.size(); ++b) {
    const double w = bins[b].count * weight(b);
    n += w, sum += w * bins[b].hu, squares += w * bins[b].hu * bins[b].hu;
  }
  constexpr double kLeastShare = 1e-6;
  if (n < kLeastShare * total) return {kLeastShare, bins.front().hu, 1};
  const double mean = sum / n;
  return {n / total, mean, std::sqrt(std::max(1.0, squares / n - mean * mean))};
}

// Also writes the share of the first law in each bin.
double log_likelihood(std::span<const Bin> bins, const Law& a, const Law& b, std::span<double> share_of_a) {
  const double height_a = a.log_height(), height_b = b.log_height();
  double sum = 0;
  for (std::size_t n = 0; n < bins.size(); ++n) {
    const double za = (bins[n].hu - a.mean) / a.sd, zb = (bins[n].hu - b.mean) / b.sd;
    const double la = height_a - 0.5 * za * za, lb = height_b - 0.5 * zb * zb;
    const double most = std::max(la, lb), rest = std::exp(std::min(la, lb) - most);
    share_of_a[n] = la >= lb ? 1 / (1 + rest) : rest / (1 + rest);
    sum += bins[n].count * (most + std::log1p(rest));
  }
  return sum;
}

std::vector<Bin> filled_bins(std::span<const float> values_hu) {
  UnitHistogram histogram(-1024, 3071);
  histogram.add(values_hu);
  std::vector<Bin> bins;
  double hu = histogram.first();
  for (const std::int64_t count : histogram.counts()) {
    if (count > 0) bins.push_back({hu, static_cast<double>(count)});
    ++hu;
  }
  return bins;
}

}  // namespace

std::optional<GaussianPair> fit_gaussian_pair(std::span<const float> values_hu, double correlated_voxels) {
  const std::vector<Bin> bins = filled_bins(values_hu);
  double total = 0;
  for (const Bin& bin : bins) total += bin.count;
  if (total < 20 || bins.size() < 2) return std::nullopt;
  const Law one = weighted_law(std::span(bins), total, [](std::size_t) { return 1.0; });
  std::vector<double> share(bins.size());
  for (std::size_t n = 0; n < bins.size(); ++n) share[n] = bins[n].hu < one.mean ? 1 : 0;
  Law low, high;
  double likelihood = 0;
  const double samples = std::max(2.0, total / std::max(1.0, correlated_voxels));
  constexpr int kMostSteps = 60;
  constexpr double kLeastGain = 0.02;
  for (int step = 0; step < kMostSteps; ++step) {
    low = weighted_law(std::span(bins), total, [&](std::size_t n) { return share[n]; });
    high = weighted_law(std::span(bins), total, [&](std::size_t n) { return 1 - share[n]; });
    const double before = likelihood;
    likelihood = log_likelihood(bins, low, high, share);
    // What is still to win must not matter to the criterion.
    if (step > 0 && 2 * (likelihood - before) * samples < kLeastGain * total) break;
  }
  double single = 0;
  for (const Bin& bin : bins) {
    const double z = (bin.hu - one.mean) / one.sd;
    single += bin.count * (one.log_height() - 0.5 * z * z);
  }
  if (low.mean > high.mean) std::swap(low, high);
  // Five parameters against two.
  const double gain = 2 * (likelihood - single) * samples / total - 3 * std::log(samples);
  return GaussianPair{low.mean, low.sd, low.share, high.mean, high.sd, gain};
}

}  // namespace hepar
