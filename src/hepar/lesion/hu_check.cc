// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/hu_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"

namespace hepar {
namespace {

struct ValueSample {
  float lowest = 0, highest = 0;
  std::int64_t voxels = 0, zeros = 0;
  bool whole = true;  // all values are whole numbers
};

ValueSample sample_values(const CtVolume& ct) {
  constexpr std::int64_t kEnoughVoxels = 500'000;
  const std::int64_t length = ct.size().i, rows = ct.size().j * ct.size().k;
  // An odd step, so that the rows move through the slice.
  const std::int64_t step = 1 + 2 * (ct.size().count() / kEnoughVoxels / 2);
  ValueSample sample;
  bool first = true;
  for (std::int64_t row = 0; row < rows; row += step) {
    const float* const values = ct.voxels().data() + row * length;
    for (std::int64_t i = 0; i < length; ++i) {
      const float value = values[i];
      if (!std::isfinite(value)) continue;
      sample.lowest = first ? value : std::min(sample.lowest, value);
      sample.highest = first ? value : std::max(sample.highest, value);
      first = false;
      ++sample.voxels;
      sample.zeros += value == 0;
      sample.whole = sample.whole && value == std::floor(value);
    }
  }
  return sample;
}

}  // namespace

void check_hounsfield_units(const CtVolume& ct, std::optional<double> liver_median_hu) {
  const ValueSample sample = sample_values(ct);
  if (sample.voxels == 0) return;
  const bool picture = sample.whole && sample.lowest == 0 && sample.highest > 1 && sample.highest <= 255 &&
                       sample.zeros > sample.voxels / 20;
  if (picture) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("the CT's values run from 0 to {:.0f}: this is an 8-bit picture and not HU; give the CT "
                    "as it came from the scanner",
                    sample.highest));
  }
  const bool shifted =
      sample.lowest >= -24 && liver_median_hu && *liver_median_hu >= 900 && *liver_median_hu <= 1400;
  if (shifted) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("the CT's values start at {:.0f} and the liver measures {:.0f}: stored values without "
                    "their intercept of -1024; convert the CT again with rescale slope and intercept",
                    sample.lowest, *liver_median_hu));
  }
}

}  // namespace hepar
