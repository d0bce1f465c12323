// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace hepar {

// Counts of values in bins of width 1 centred on the whole numbers first .. last; halves go to the even
// neighbour (numpy's round). Values beyond the bins and NaN are counted as outside.
class UnitHistogram {
 public:
  // Needs first <= last, both within +-2^20.
  UnitHistogram(int first, int last);

  void add(std::span<const float> values);
  void add(const UnitHistogram& other);  // bins that this one lacks count as outside

  int first() const { return first_; }
  int last() const { return first_ + static_cast<int>(counts_.size()) - 1; }
  std::span<const std::int64_t> counts() const { return counts_; }
  std::int64_t inside() const;
  std::int64_t outside() const { return outside_; }
  // The bin in which the middle one of the counted values lies (the lower of two); empty without values.
  std::optional<int> median_bin() const;

 private:
  int first_;
  std::vector<std::int64_t> counts_;
  std::int64_t outside_ = 0;
};

// Convolution with a Gaussian of the given SD in bins, sampled at whole numbers up to
// int(4 SD + 0.5) and normalised to sum 1; beyond the ends the counts are zero. The same as scipy's
// gaussian_filter1d(counts, sd, mode="constant"). O(n SD).
std::vector<double> smooth_gaussian(std::span<const std::int64_t> counts, double sd_bins);

}  // namespace hepar
