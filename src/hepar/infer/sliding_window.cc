// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/sliding_window.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"

namespace hepar {

std::vector<std::int64_t> window_starts(std::int64_t size, std::int64_t patch, double step_fraction) {
  HEPAR_EXPECT(patch >= 1 && patch <= size, fmt::format("patch {} in {} voxels", patch, size));
  HEPAR_EXPECT(step_fraction > 0 && step_fraction <= 1, fmt::format("step {}", step_fraction));
  const auto rest = static_cast<double>(size - patch);
  const auto steps =
      static_cast<std::int64_t>(std::ceil(rest / (static_cast<double>(patch) * step_fraction)));
  std::vector<std::int64_t> starts{0};
  for (std::int64_t n = 1; n <= steps; ++n) {
    // nearbyint rounds ties to even, as numpy does.
    starts.push_back(std::llrint(rest / static_cast<double>(steps) * static_cast<double>(n)));
  }
  return starts;
}

std::vector<float> window_profile(std::int64_t patch) {
  HEPAR_EXPECT(patch >= 1, fmt::format("patch {}", patch));
  std::vector<float> profile;
  for (std::int64_t n = 0; n < patch; ++n) {
    const double distance_sd = static_cast<double>(n - patch / 2) * 8.0 / static_cast<double>(patch);
    profile.push_back(static_cast<float>(std::exp(-0.5 * distance_sd * distance_sd)));
  }
  return profile;
}

SlidingWindows::SlidingWindows(Int3 volume, Int3 patch, double step_fraction) : patch_(patch) {
  for (int axis = 0; axis < 3; ++axis) {
    const auto a = static_cast<std::size_t>(axis);
    const std::int64_t padded = std::max(volume[axis], patch[axis]);
    starts_[a] = window_starts(padded, patch[axis], step_fraction);
    profiles_[a] = window_profile(patch[axis]);
    weight_sums_[a].assign(static_cast<std::size_t>(volume[axis]), 0.0f);
    for (auto& start : starts_[a]) {
      start -= (padded - volume[axis]) / 2;
      for (std::int64_t n = std::max<std::int64_t>(0, start); n < std::min(volume[axis], start + patch[axis]);
           ++n) {
        weight_sums_[a][static_cast<std::size_t>(n)] += profiles_[a][static_cast<std::size_t>(n - start)];
      }
    }
  }
}

std::int64_t SlidingWindows::size() const {
  return static_cast<std::int64_t>(starts_[0].size() * starts_[1].size() * starts_[2].size());
}

Box3 SlidingWindows::operator[](std::int64_t n) const {
  const auto index = static_cast<std::size_t>(n);
  const std::size_t ni = starts_[0].size(), nj = starts_[1].size();
  const Int3 low{starts_[0][index % ni], starts_[1][index / ni % nj], starts_[2][index / ni / nj]};
  return {low, low + patch_};
}

}  // namespace hepar
