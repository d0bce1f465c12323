// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/hu_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"

namespace hepar {
namespace {

// Every n-th row of a CT; the step is odd, so that the rows move through the slice.
class SampledRows {
 public:
  explicit SampledRows(const CtVolume& ct) : ct_(ct) {
    constexpr std::int64_t kEnoughVoxels = 500'000;
    step_ = 1 + 2 * (ct.size().count() / kEnoughVoxels / 2);
  }
  std::int64_t count() const { return (ct_.size().j * ct_.size().k + step_ - 1) / step_; }
  std::span<const float> row(std::int64_t n) const {
    const auto length = static_cast<std::size_t>(ct_.size().i);
    return ct_.voxels().subspan(static_cast<std::size_t>(n * step_) * length, length);
  }

 private:
  const CtVolume& ct_;
  std::int64_t step_;
};

struct ValueRange {
  float lowest = std::numeric_limits<float>::infinity(), highest = -lowest;
  bool empty() const { return lowest > highest; }
};

// Of the finite values.
ValueRange range_of(const SampledRows& rows) {
  constexpr std::int64_t kParts = 8;
  constexpr float kLargest = std::numeric_limits<float>::max();
  std::array<ValueRange, kParts> parts;
  parallel_for(kParts, [&](std::int64_t part) {
    ValueRange range;
    for (std::int64_t n = part * rows.count() / kParts; n < (part + 1) * rows.count() / kParts; ++n)
      for (const float value : rows.row(n)) {
        // NaN fails every comparison.
        range.lowest = value < range.lowest && value >= -kLargest ? value : range.lowest;
        range.highest = value > range.highest && value <= kLargest ? value : range.highest;
      }
    parts[static_cast<std::size_t>(part)] = range;
  });
  ValueRange all;
  for (const ValueRange& part : parts) {
    all.lowest = std::min(all.lowest, part.lowest);
    all.highest = std::max(all.highest, part.highest);
  }
  return all;
}

// Whether the finite values are whole numbers and more than a twentieth of them 0.
bool are_whole_with_zeros(const SampledRows& rows) {
  std::int64_t voxels = 0, zeros = 0;
  for (std::int64_t n = 0; n < rows.count(); ++n)
    for (const float value : rows.row(n)) {
      if (!std::isfinite(value)) continue;
      if (value != std::floor(value)) return false;
      ++voxels;
      zeros += value == 0;
    }
  return zeros > voxels / 20;
}

}  // namespace

void check_hounsfield_units(const CtVolume& ct, std::optional<double> liver_median_hu) {
  const SampledRows rows(ct);
  const ValueRange range = range_of(rows);
  if (range.empty()) return;
  const bool picture =
      range.lowest == 0 && range.highest > 1 && range.highest <= 255 && are_whole_with_zeros(rows);
  if (picture) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("the CT's values run from 0 to {:.0f}: this is an 8-bit picture and not HU; give the CT "
                    "as it came from the scanner",
                    range.highest));
  }
  if (liver_median_hu && *liver_median_hu < -200) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the liver (without one, the lesions) measures {:.0f} HU, as air or fat does: "
                            "the CT's intercept was applied twice, or "
                            "the map belongs to another CT; convert the CT again from its source",
                            *liver_median_hu));
  }
  const bool shifted =
      range.lowest >= -24 && liver_median_hu && *liver_median_hu >= 900 && *liver_median_hu <= 1400;
  if (shifted) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("the CT's values start at {:.0f} and the liver measures {:.0f}: stored values without "
                    "their intercept of -1024; convert the CT again with rescale slope and intercept",
                    range.lowest, *liver_median_hu));
  }
}

}  // namespace hepar
