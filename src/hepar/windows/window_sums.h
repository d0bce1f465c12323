// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "hepar/nn/tensor.h"
#include "hepar/windows/sliding_window.h"

namespace hepar {

// Sums of weighted logits over the planes (along d) that unfinished windows touch, in a ring: memory is heads
// x patch depth x plane, whatever the depth of the volume. Windows must come d outermost; planes are
// finished in ascending order, each as soon as no later window touches it.
class WindowSums {
 public:
  virtual ~WindowSums() = default;
  // Adds one fold's logits (heads, patch) of the window that begins at `start`.
  virtual void add(std::size_t fold, std::span<const float> logits, const Kernel3& start) = 0;
  // The mean logits of plane d, heads x h x w, over the windows that are taken, valid until the next call;
  // forgets the plane.
  virtual std::span<const float> finish(std::int64_t d) = 0;
};

// In float32 throughout: 4 bytes for each voxel of the ring and head. Where no taken window lies, the logits
// are `elsewhere`, by head. Where all windows are taken that lie there, they are to the bit what they are
// when all windows of the volume are.
std::unique_ptr<WindowSums> float_sums(const SlidingWindows& windows, std::int64_t heads, std::size_t folds,
                                       std::vector<float> elsewhere = {});

// As nnU-Net on a CPU (predict_from_raw_data.py): products in float32, and each sum of logits and of weights,
// the quotient, the sum over folds and its mean rounded to float16 at once. 2 bytes for each voxel
// of the ring, head and fold. Throws Error(kUnsupported) when a sum leaves float16's range, where nnU-Net
// stops too. All windows must be taken.
std::unique_ptr<WindowSums> half_sums(const SlidingWindows& windows, std::int64_t heads, std::size_t folds);

}  // namespace hepar
