// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/histogram.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hepar/core/error.h"

namespace hepar {
namespace {
constexpr int kLargestBin = 1 << 20;

// Adding and taking away 1.5 * 2^23 leaves no room for a fraction, so the sum is rounded half to even;
// needs |value| < 2^22. Several times faster than std::nearbyint, which is a call here.
int round_half_even(float value) {
  constexpr float kShift = 12582912.0F;
  return static_cast<int>((value + kShift) - kShift);
}
}  // namespace

UnitHistogram::UnitHistogram(int first, int last) : first_(first) {
  HEPAR_EXPECT(first >= -kLargestBin && first <= last && last <= kLargestBin,
               fmt::format("bins from {} to {}", first, last));
  counts_.assign(static_cast<std::size_t>(last - first) + 1, 0);
}

void UnitHistogram::add(std::span<const float> values) {
  const auto low = static_cast<float>(first_ - 1), high = static_cast<float>(last() + 1);
  const int bins = static_cast<int>(counts_.size());
  for (const float value : values) {
    if (!(value > low && value < high)) {  // written so that NaN is outside
      ++outside_;
      continue;
    }
    const int bin = round_half_even(value) - first_;
    if (bin < 0 || bin >= bins) {
      ++outside_;
    } else {
      ++counts_[static_cast<std::size_t>(bin)];
    }
  }
}

void UnitHistogram::add(const UnitHistogram& other) {
  outside_ += other.outside_;
  int bin = other.first_;
  for (const std::int64_t count : other.counts_) {
    const bool inside = bin >= first_ && bin <= last();
    (inside ? counts_[static_cast<std::size_t>(bin - first_)] : outside_) += count;
    ++bin;
  }
}

std::int64_t UnitHistogram::inside() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

std::optional<int> UnitHistogram::median_bin() const {
  const std::int64_t total = inside();
  if (total == 0) return std::nullopt;
  std::int64_t left = (total + 1) / 2;
  int bin = first_;
  for (const std::int64_t count : counts_) {
    left -= count;
    if (left <= 0) break;
    ++bin;
  }
  return bin;
}

std::vector<double> smooth_gaussian(std::span<const std::int64_t> counts, double sd_bins) {
  HEPAR_EXPECT(sd_bins > 0 && sd_bins < 1e4, fmt::format("a kernel of SD {}", sd_bins));
  const auto radius = static_cast<std::ptrdiff_t>(4 * sd_bins + 0.5);
  std::vector<double> kernel(static_cast<std::size_t>(2 * radius + 1));
  for (std::ptrdiff_t x = -radius; x <= radius; ++x) {
    const double z = static_cast<double>(x) / sd_bins;
    kernel[static_cast<std::size_t>(x + radius)] = std::exp(-0.5 * z * z);
  }
  const double sum = std::accumulate(kernel.begin(), kernel.end(), 0.0);
  for (double& weight : kernel) weight /= sum;

  const auto size = static_cast<std::ptrdiff_t>(counts.size());
  std::vector<double> smooth(counts.size(), 0.0);
  for (std::ptrdiff_t n = 0; n < size; ++n) {
    if (counts[static_cast<std::size_t>(n)] == 0) continue;
    const auto count = static_cast<double>(counts[static_cast<std::size_t>(n)]);
    const std::ptrdiff_t end = std::min(size - 1, n + radius);
    for (std::ptrdiff_t m = std::max<std::ptrdiff_t>(0, n - radius); m <= end; ++m) {
      smooth[static_cast<std::size_t>(m)] += count * kernel[static_cast<std::size_t>(m - n + radius)];
    }
  }
  return smooth;
}

}  // namespace hepar
