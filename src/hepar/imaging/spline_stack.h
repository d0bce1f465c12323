// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "hepar/imaging/resize_plane.h"

namespace hepar::detail {

// Resizes a stack of slices, already resized in plane, along k by cubic splines while it comes in: the
// spline's causal recursion is carried on from block to block, the anticausal one begun anew kLookAhead
// slices ahead of where it is needed, where what it does not know has faded to |pole|^kLookAhead < 1e-17. So
// the sums are those over whole lines to the last bit but one.
class SplineStack {
 public:
  static constexpr std::int64_t kBlock = 32;      // slices that come in at a time
  static constexpr std::int64_t kLookAhead = 30;  // slices

  // `size` slices become taps.size(), which go to `result`, one after the other.
  SplineStack(PlaneSize plane, std::int64_t size, const std::vector<CubicTap>& taps, float* result);

  // Where slice k of the stack is written: its row y begins at place(k) + y * stride().
  double* place(std::int64_t k);
  std::int64_t stride() const { return window_ * plane_.width; }
  // To be called when the slices up to `end` are there, kBlock more than last time or all.
  void advance(std::int64_t end);

 private:
  // In slices of the padded stack: [causal, end) have come in, those before `final` are coefficients to be
  // kept; results [done, ready) can now be made.
  struct Step {
    std::int64_t causal, end, final_before, final_end, done, ready;
  };
  double* row(std::int64_t y, std::int64_t t);
  void pad_ends(std::int64_t y, const Step& step);
  void run_causal(std::int64_t y, const Step& step);
  void run_anticausal(std::int64_t y, const Step& step);
  void weigh(std::int64_t y, const Step& step);

  PlaneSize plane_;
  std::int64_t padded_size_, window_;
  const std::vector<CubicTap>& taps_;
  float* result_;
  std::int64_t causal_ = 0, final_ = 0, done_ = 0;
  std::vector<double> values_;  // a ring of window_ slices for each row: coefficients, causal sums, samples
};

}  // namespace hepar::detail
