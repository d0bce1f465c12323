// SPDX-License-Identifier: Apache-2.0
#include "hepar/leakage/scan_match.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/leakage/alignment.h"

namespace hepar {
namespace {
using leakage::Alignment;

constexpr std::int64_t kComparedSlabs = 24, kSharpenedSlabs = 12;
// Between these, a correlation may be that of one scan whose slabs are not yet laid on each other exactly.
constexpr double kHopeless = 0.2, kClear = 0.97;
constexpr double kFewestPixels = 150;  // of a slab; the body has some 2300
constexpr std::int64_t kFewestCommonSlices = 6;

struct Correlation {
  double n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  void add(double p, double q) { n += 1, a += p, b += q, aa += p * p, bb += q * q, ab += p * q; }
  std::optional<double> value() const {
    const double variances = (aa - a * a / n) * (bb - b * b / n);
    if (n < kFewestPixels || !(variances > 0)) return std::nullopt;
    return (ab - a * b / n) / std::sqrt(variances);
  }
};

// One picture of a scan between its pixels; nothing outside of the body.
struct Picture {
  const std::int8_t* pixels;
  std::int64_t width, height;

  std::optional<float> at(float x, float y) const {
    if (!(x >= 0 && y >= 0)) return std::nullopt;
    const auto i = static_cast<std::int64_t>(x), j = static_cast<std::int64_t>(y);
    if (i + 1 >= width || j + 1 >= height) return std::nullopt;
    const std::int8_t* const p = pixels + i + j * width;
    const float top_left = p[0], top_right = p[1], left = p[width], right = p[width + 1];
    if (std::min(std::min(top_left, top_right), std::min(left, right)) == ScanSignature::kOutside)
      return std::nullopt;
    const float u = x - static_cast<float>(i), v = y - static_cast<float>(j);
    return (1 - v) * ((1 - u) * top_left + u * top_right) + v * ((1 - u) * left + u * right);
  }
};
Picture picture(const ScanSignature& scan, std::int64_t slab) {
  return {scan.contrast.data() + slab * scan.width * scan.height, scan.width, scan.height};
}

// Over every second pixel each way. a's slab between two is interpolated.
std::optional<double> slab_correlation(const ScanSignature& a, const ScanSignature& b,
                                       const Alignment& alignment, std::int64_t slab) {
  const double from = std::clamp((static_cast<double>(slab) - alignment.slab_shift) / alignment.slab_slope,
                                 0.0, static_cast<double>(a.slabs - 1));
  const auto below = static_cast<std::int64_t>(from);
  const auto weight = static_cast<float>(from - static_cast<double>(below));
  const Picture lower = picture(a, below), upper = picture(a, std::min(below + 1, a.slabs - 1));
  const Picture pictured = picture(b, slab);
  const double determinant = alignment.xx * alignment.yy - alignment.xy * alignment.yx;
  Correlation correlation;
  for (std::int64_t y = 0; y < b.height; y += 2)
    for (std::int64_t x = 0; x < b.width; x += 2) {
      const std::int8_t value = pictured.pixels[x + y * b.width];
      if (value == ScanSignature::kOutside) continue;
      const double dx = static_cast<double>(x) - alignment.x, dy = static_cast<double>(y) - alignment.y;
      const auto ax = static_cast<float>((alignment.yy * dx - alignment.xy * dy) / determinant);
      const auto ay = static_cast<float>((alignment.xx * dy - alignment.yx * dx) / determinant);
      const auto p = lower.at(ax, ay), q = upper.at(ax, ay);
      if (p && q) correlation.add(static_cast<double>((1 - weight) * *p + weight * *q), value);
    }
  return correlation.value();
}

// The slices of `scan` within slabs [low, high]; slab n reaches from n - 0.5 to n + 0.5.
SliceRange slices_of(const ScanSignature& scan, double low, double high) {
  const auto per_slab = static_cast<double>(scan.slices_per_slab);
  const auto last = static_cast<double>(scan.slices - 1);
  return {std::llround(std::clamp((low + 0.5) * per_slab, 0.0, last)),
          std::llround(std::clamp((high + 0.5) * per_slab - 1, 0.0, last))};
}

void describe(const Alignment& alignment, const ScanSignature& a, const ScanSignature& b, ScanMatch& match) {
  const double slope = alignment.slab_slope;
  const auto to_b = [&](double slab) { return slope * slab + alignment.slab_shift; };
  const double last_a = static_cast<double>(a.slabs) - 0.5, last_b = static_cast<double>(b.slabs) - 0.5;
  const double low_b = std::max(-0.5, std::min(to_b(-0.5), to_b(last_a)));
  const double high_b = std::min(last_b, std::max(to_b(-0.5), to_b(last_a)));
  const double one = (low_b - alignment.slab_shift) / slope, other = (high_b - alignment.slab_shift) / slope;
  match.slices_b = slices_of(b, low_b, high_b);
  match.slices_a = slices_of(a, std::min(one, other), std::max(one, other));
  match.slice_step =
      std::abs(slope) * static_cast<double>(b.slices_per_slab) / static_cast<double>(a.slices_per_slab);
  const bool turned = std::abs(alignment.xy) > std::abs(alignment.xx);
  match.flipped_left_right = (turned ? alignment.xy : alignment.xx) < 0;
  match.flipped_front_back = (turned ? alignment.yx : alignment.yy) < 0;
  match.flipped_head_feet = slope < 0;
  match.axes_exchanged = turned || a.axes_exchanged != b.axes_exchanged;
}

// Slabs of b, evenly over those that lie in a, at most `most`.
std::vector<std::int64_t> common_slabs(const ScanSignature& a, const ScanSignature& b,
                                       const Alignment& alignment, std::int64_t most) {
  std::vector<std::int64_t> common, chosen;
  for (std::int64_t slab = 0; slab < b.slabs; ++slab) {
    const double from = (static_cast<double>(slab) - alignment.slab_shift) / alignment.slab_slope;
    if (from >= -0.5 && from <= static_cast<double>(a.slabs) - 0.5) common.push_back(slab);
  }
  const std::int64_t count = std::ssize(common), wanted = std::min(count, most);
  for (std::int64_t n = 0; n < wanted; ++n)
    chosen.push_back(common[static_cast<std::size_t>(n * count / wanted)]);
  return chosen;
}

// Of the slabs, the lowest first; nothing when most of them show too little of the body in common.
std::vector<double> correlations(const ScanSignature& a, const ScanSignature& b, const Alignment& alignment,
                                 const std::vector<std::int64_t>& slabs) {
  std::vector<double> values;
  for (const std::int64_t slab : slabs)
    if (const auto value = slab_correlation(a, b, alignment, slab)) values.push_back(*value);
  if (2 * values.size() <= slabs.size()) return {};
  std::sort(values.begin(), values.end());
  return values;
}

// Moves the ends of the common slabs by up to a slab until the pictures agree best, as keypoints tell places
// along the slabs only to about one.
void sharpen(const ScanSignature& a, const ScanSignature& b, Alignment& alignment) {
  const std::vector<std::int64_t> slabs = common_slabs(a, b, alignment, kSharpenedSlabs);
  const auto first = static_cast<double>(slabs.front()), last = static_cast<double>(slabs.back());
  // The mean, as one slab in four is enough to tell where scans of repeated slices belong.
  const auto agreement = [&](const Alignment& tried) {
    const auto values = correlations(a, b, tried, slabs);
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(slabs.size());
  };
  double best = agreement(alignment);
  for (const double step : {0.6, 0.3, 0.15}) {
    const Alignment start = alignment;
    for (const int low : {-1, 0, 1})
      for (const int high : {-1, 0, 1}) {
        const double move = step * std::max(1.0, std::abs(start.slab_slope));
        const double rise = move * (high - low) / std::max(1.0, last - first);  // change of b over b
        Alignment moved = start;
        moved.slab_slope = start.slab_slope * (1 + rise);
        moved.slab_shift = start.slab_shift * (1 + rise) - first * rise + move * low;
        if (const double value = agreement(moved); value > best) best = value, alignment = moved;
      }
  }
}

}  // namespace

ScanMatch compare_scans(const ScanSignature& a, const ScanSignature& b) {
  HEPAR_EXPECT(a.comparable() && b.comparable(), "a scan says too little to be compared");
  ScanMatch match;
  auto alignment = leakage::align(a, b);
  if (!alignment) return match;
  const auto compare = [&] {
    describe(*alignment, a, b, match);
    if (std::min(match.slices_a.count(), match.slices_b.count()) < kFewestCommonSlices) return 0.0;
    const auto values = correlations(a, b, *alignment, common_slabs(a, b, *alignment, kComparedSlabs));
    return values.empty() ? 0.0 : values[values.size() / 4];
  };
  match.correlation = compare();
  if (match.correlation > kHopeless && match.correlation < kClear) {
    sharpen(a, b, *alignment);
    match.correlation = compare();
  }
  return match.correlation > 0 ? match : ScanMatch();
}

}  // namespace hepar
