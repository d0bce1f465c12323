// SPDX-License-Identifier: Apache-2.0
#include "hepar/windows/sliding_window.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hepar/core/error.h"
#include "hepar/tensors/half.h"

namespace hepar {
namespace {

std::size_t index(std::int64_t n) { return static_cast<std::size_t>(n); }

// scipy.ndimage's normalised kernel for an SD of patch / 8, which reaches over the whole patch (4 SD).
std::vector<double> scipy_profile(std::int64_t patch) {
  if (patch == 1) return {1.0};  // the axis that a network of slices does not have
  const double sd = static_cast<double>(patch) / 8;
  const auto radius = static_cast<std::int64_t>(4 * sd + 0.5);
  std::vector<double> kernel;
  for (std::int64_t n = -radius; n <= radius; ++n)
    kernel.push_back(std::exp(-0.5 / (sd * sd) * static_cast<double>(n * n)));
  const double sum = std::accumulate(kernel.begin(), kernel.end(), 0.0);
  std::vector<double> profile;
  for (std::int64_t n = 0; n < patch; ++n) profile.push_back(kernel[index(radius + n - patch / 2)] / sum);
  return profile;
}

}  // namespace

std::vector<std::int64_t> window_starts(std::int64_t size, std::int64_t patch, double step_fraction) {
  HEPAR_EXPECT(patch >= 1 && patch <= size, fmt::format("patch {} in {} voxels", patch, size));
  HEPAR_EXPECT(step_fraction > 0 && step_fraction <= 1, fmt::format("step {}", step_fraction));
  const auto rest = static_cast<double>(size - patch);
  const auto steps =
      static_cast<std::int64_t>(std::ceil(rest / (static_cast<double>(patch) * step_fraction)));
  std::vector<std::int64_t> starts{0};
  for (std::int64_t n = 1; n <= steps; ++n) {
    // llrint rounds ties to even, as numpy does.
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

std::vector<float> half_window_weights(const Kernel3& patch) {
  const auto d = scipy_profile(patch[0]), h = scipy_profile(patch[1]), w = scipy_profile(patch[2]);
  const double scale = d[index(patch[0] / 2)] * h[index(patch[1] / 2)] * w[index(patch[2] / 2)] / 10;
  std::vector<float> weights;
  weights.reserve(d.size() * h.size() * w.size());
  float smallest = 10;
  for (const double along_d : d) {
    for (const double along_h : h) {
      for (const double along_w : w) {
        const auto value = static_cast<float>(along_d * along_h * along_w / scale);
        weights.push_back(float_from_half(half_from_float(value)));
        if (weights.back() > 0) smallest = std::min(smallest, weights.back());
      }
    }
  }
  std::replace(weights.begin(), weights.end(), 0.0f, smallest);
  return weights;
}

SlidingWindows::SlidingWindows(const Kernel3& volume, const Kernel3& patch, double step_fraction)
    : volume_(volume), patch_(patch) {
  if (!(step_fraction > 0 && step_fraction <= 1)) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the window step is {} of a patch; give more than 0 and at most 1, 0.5 is usual",
                            step_fraction));
  }
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::int64_t padded = std::max(volume[axis], patch[axis]);
    starts_[axis] = window_starts(padded, patch[axis], patch[axis] == 1 ? 1.0 : step_fraction);
    profiles_[axis] = window_profile(patch[axis]);
    weight_sums_[axis].assign(index(volume[axis]), 0.0f);
    for (auto& start : starts_[axis]) {
      start -= (padded - volume[axis]) / 2;
      const WindowPart overlap = part(axis, start);
      for (std::int64_t n = 0; n < overlap.count; ++n)
        weight_sums_[axis][index(overlap.in_volume + n)] += profiles_[axis][index(overlap.in_window + n)];
    }
  }
}

std::int64_t SlidingWindows::count() const {
  return static_cast<std::int64_t>(starts_[0].size() * starts_[1].size() * starts_[2].size());
}

void SlidingWindows::choose(std::vector<std::uint8_t> run) {
  HEPAR_EXPECT(static_cast<std::int64_t>(run.size()) == count(),
               fmt::format("a choice for {} of {} windows", run.size(), count()));
  const bool all = std::all_of(run.begin(), run.end(), [](std::uint8_t taken) { return taken != 0; });
  run_ = all ? std::vector<std::uint8_t>() : std::move(run);
}

std::int64_t SlidingWindows::taken_count() const {
  if (run_.empty()) return count();
  return std::count_if(run_.begin(), run_.end(), [](std::uint8_t taken) { return taken != 0; });
}

WindowPart SlidingWindows::part(std::size_t axis, std::int64_t start) const {
  const std::int64_t low = std::max<std::int64_t>(0, start);
  return {low, low - start, std::min(volume_[axis], start + patch_[axis]) - low};
}

}  // namespace hepar
