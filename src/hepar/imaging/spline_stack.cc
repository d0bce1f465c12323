// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/spline_stack.h"

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/axis_pass.h"
#include "hepar/imaging/lines.h"

namespace hepar::detail {
namespace {

constexpr std::int64_t kTaps = 4;

}  // namespace

SplineStack::SplineStack(PlaneSize plane, std::int64_t size, const std::vector<CubicTap>& taps, float* result)
    : plane_(plane),
      padded_size_(size + 2 * kSplinePadding),
      window_(std::min(padded_size_, kBlock + kLookAhead + (kTaps - 1) + kSplinePadding)),
      taps_(taps),
      result_(result),
      values_(static_cast<std::size_t>(window_ * plane.count())) {}

double* SplineStack::row(std::int64_t y, std::int64_t t) {
  return values_.data() + (y * window_ + t % window_) * plane_.width;
}

double* SplineStack::place(std::int64_t k) { return row(0, k + kSplinePadding); }

void SplineStack::advance(std::int64_t end) {
  Step step{};
  step.causal = causal_;
  step.end = end + kSplinePadding;
  HEPAR_EXPECT(step.end - std::max(causal_, kSplinePadding) <= kBlock, "more slices than fit the window");
  if (step.end + kSplinePadding == padded_size_) step.end = padded_size_;
  step.final_before = final_;
  step.final_end = step.end == padded_size_ ? step.end : std::max(final_, step.end - kLookAhead);
  step.done = step.ready = done_;
  const auto count = static_cast<std::int64_t>(taps_.size());
  while (step.ready < count && taps_[static_cast<std::size_t>(step.ready)].first + kTaps <= step.final_end) {
    ++step.ready;
  }
  parallel_for(plane_.height, [&](std::int64_t y) {
    pad_ends(y, step);
    run_causal(y, step);
    run_anticausal(y, step);
    weigh(y, step);
  });
  causal_ = step.end, final_ = step.final_end, done_ = step.ready;
}

void SplineStack::pad_ends(std::int64_t y, const Step& step) {
  const auto copy = [&](std::int64_t from, std::int64_t to) {
    std::copy_n(row(y, from), plane_.width, row(y, to));
  };
  for (std::int64_t t = step.causal; t < kSplinePadding; ++t) copy(kSplinePadding, t);
  const std::int64_t last = padded_size_ - kSplinePadding - 1;
  if (step.end == padded_size_) {
    for (std::int64_t t = last + 1; t < padded_size_; ++t) copy(last, t);
  }
}

void SplineStack::run_causal(std::int64_t y, const Step& step) {
  const std::int64_t width = plane_.width;
  std::int64_t t = step.causal;
  if (t == 0) {
    double* const first = row(y, 0);
    // The first block and its padding are long enough: pole^kLookAhead is below rounding.
    double power = kSplinePole;
    for (t = 1; t < std::min(step.end, kLookAhead); ++t, power *= kSplinePole) {
      const double* const from = row(y, t);
      for (std::int64_t x = 0; x < width; ++x) first[x] += power * from[x];
    }
    for (std::int64_t x = 0; x < width; ++x) first[x] *= 6.0;
    t = 1;
  }
  for (; t < step.end; ++t) {
    const double* const before = row(y, t - 1);
    double* const at = row(y, t);
    for (std::int64_t x = 0; x < width; ++x) at[x] = 6.0 * at[x] + kSplinePole * before[x];
  }
}

void SplineStack::run_anticausal(std::int64_t y, const Step& step) {
  const std::int64_t width = plane_.width;
  std::vector<double> next(static_cast<std::size_t>(width));
  double* const v = next.data();
  const double* const last = row(y, step.end - 1);
  if (step.end == padded_size_) {
    const double* const before = row(y, step.end - 2);
    constexpr double kFactor = kSplinePole / (kSplinePole * kSplinePole - 1.0);
    for (std::int64_t x = 0; x < width; ++x) v[x] = kFactor * (kSplinePole * before[x] + last[x]);
    std::copy_n(v, width, row(y, step.end - 1));
  } else {
    // As if the line went on unchanged.
    constexpr double kFactor = kSplinePole / (kSplinePole - 1.0);
    for (std::int64_t x = 0; x < width; ++x) v[x] = kFactor * last[x];
  }
  std::int64_t t = step.end - 2;
  for (; t >= step.final_end; --t) {
    const double* const at = row(y, t);
    for (std::int64_t x = 0; x < width; ++x) v[x] = kSplinePole * (v[x] - at[x]);
  }
  for (; t >= step.final_before; --t) {
    double* const at = row(y, t);
    for (std::int64_t x = 0; x < width; ++x) at[x] = v[x] = kSplinePole * (v[x] - at[x]);
  }
}

void SplineStack::weigh(std::int64_t y, const Step& step) {
  const std::int64_t width = plane_.width;
  for (std::int64_t n = step.done; n < step.ready; ++n) {
    const CubicTap& tap = taps_[static_cast<std::size_t>(n)];
    const double* const a = row(y, tap.first);
    const double* const b = row(y, tap.first + 1);
    const double* const c = row(y, tap.first + 2);
    const double* const d = row(y, tap.first + 3);
    const auto [w0, w1, w2, w3] = tap.weights;
    float* const to = result_ + (n * plane_.height + y) * width;
    for (std::int64_t x = 0; x < width; ++x) {
      to[x] = static_cast<float>(w0 * a[x] + w1 * b[x] + w2 * c[x] + w3 * d[x]);
    }
  }
}

}  // namespace hepar::detail
