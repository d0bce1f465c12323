// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/predict_logits.h"

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/infer/sliding_window.h"

namespace hepar {
namespace {

// The part of a window that lies in the volume, along one axis.
struct Overlap {
  std::int64_t low, high;  // in the volume
};
Overlap overlap_of(const Box3& window, Int3 volume, int axis) {
  return {std::max<std::int64_t>(0, window.low[axis]), std::min(volume[axis], window.high[axis])};
}

std::size_t index(std::int64_t n) { return static_cast<std::size_t>(n); }

// Zero where the window reaches beyond the volume: nnU-Net pads after normalising.
Tensor cut_patch(const Volume<float>& image, const Box3& window) {
  const Int3 patch = window.size();
  Tensor tensor({1, 1, patch.k, patch.j, patch.i});
  const Overlap i = overlap_of(window, image.size(), 0), j = overlap_of(window, image.size(), 1),
                k = overlap_of(window, image.size(), 2);
  for (std::int64_t z = k.low; z < k.high; ++z) {
    for (std::int64_t y = j.low; y < j.high; ++y) {
      const Int3 at = Int3{i.low, y, z} - window.low;
      std::copy_n(image.voxels().begin() + static_cast<std::ptrdiff_t>(image.offset({i.low, y, z})),
                  i.high - i.low, tensor.values.begin() + (at.k * patch.j + at.j) * patch.i + at.i);
    }
  }
  return tensor;
}

// Reverses the axes whose bits are set: 1 i, 2 j, 4 k. All channels, one sample.
Tensor flipped(const Tensor& tensor, int axes) {
  if (axes == 0) return tensor;
  Tensor result(tensor.shape);
  const TensorShape& s = tensor.shape;
  for (std::int64_t row = 0; row < s.c * s.d * s.h; ++row) {
    const std::int64_t h = row % s.h, d = row / s.h % s.d, c = row / s.h / s.d;
    const std::int64_t source_h = (axes & 2) != 0 ? s.h - 1 - h : h,
                       source_d = (axes & 4) != 0 ? s.d - 1 - d : d;
    const auto source = tensor.values.begin() + ((c * s.d + source_d) * s.h + source_h) * s.w;
    const auto target = result.values.begin() + row * s.w;
    (axes & 1) != 0 ? std::reverse_copy(source, source + s.w, target) : std::copy_n(source, s.w, target);
  }
  return result;
}

void add(Tensor& sum, const Tensor& tensor) {
  for (std::size_t n = 0; n < sum.values.size(); ++n) sum.values[n] += tensor.values[n];
}

Tensor run_engine(Engine& engine, const Tensor& patch, bool mirror) {
  Tensor sum = engine.run(patch);
  if (!mirror) return sum;
  for (int axes = 1; axes < 8; ++axes) add(sum, flipped(engine.run(flipped(patch, axes)), axes));
  for (float& value : sum.values) value /= 8;
  return sum;
}

// Adds weight x logits of one window to the sums over the volume.
void blend(const Tensor& logits, const Box3& window, const SlidingWindows& windows, Tensor& sums) {
  const Int3 volume{sums.shape.w, sums.shape.h, sums.shape.d}, patch = window.size();
  const Overlap i = overlap_of(window, volume, 0), j = overlap_of(window, volume, 1),
                k = overlap_of(window, volume, 2);
  const std::int64_t count = i.high - i.low, skipped = i.low - window.low.i;
  const float* profile = windows.profile(0).data() + skipped;
  parallel_for(sums.shape.c * (k.high - k.low), [&](std::int64_t task) {
    const std::int64_t head = task / (k.high - k.low), z = k.low + task % (k.high - k.low);
    for (std::int64_t y = j.low; y < j.high; ++y) {
      const Int3 at = Int3{i.low, y, z} - window.low;
      const float weight = windows.profile(1)[index(at.j)] * windows.profile(2)[index(at.k)];
      const float* source =
          logits.values.data() + ((head * patch.k + at.k) * patch.j + at.j) * patch.i + skipped;
      float* target = sums.values.data() + ((head * volume.k + z) * volume.j + y) * volume.i + i.low;
      for (std::int64_t n = 0; n < count; ++n) target[n] += weight * profile[n] * source[n];
    }
  });
}

void check_finite(const Tensor& logits) {
  if (std::all_of(logits.values.begin(), logits.values.end(), [](float v) { return std::isfinite(v); }))
    return;
  throw Error(
      ErrorCode::kCorrupt,
      "the network's output is not finite; the model's weights or its intensity constants are damaged");
}

void divide_by_weights(Tensor& sums, const SlidingWindows& windows, std::size_t folds) {
  const TensorShape& s = sums.shape;
  parallel_for(s.c * s.d, [&](std::int64_t task) {
    for (std::int64_t y = 0; y < s.h; ++y) {
      const float weight = windows.weight_sums(1)[index(y)] * windows.weight_sums(2)[index(task % s.d)] *
                           static_cast<float>(folds);
      float* row = sums.values.data() + (task * s.h + y) * s.w;
      for (std::int64_t x = 0; x < s.w; ++x) row[x] /= weight * windows.weight_sums(0)[index(x)];
    }
  });
}

}  // namespace

Tensor predict_logits(const Volume<float>& image, std::span<const std::unique_ptr<Engine>> folds, Int3 patch,
                      const InferenceOptions& options, Progress* progress) {
  HEPAR_EXPECT(!folds.empty(), "no engine");
  const SlidingWindows windows(image.size(), patch, options.step_fraction);
  Tensor sums;
  for (std::int64_t n = 0; n < windows.size(); ++n) {
    report(progress, "network", static_cast<double>(n) / static_cast<double>(windows.size()));
    const Tensor input = cut_patch(image, windows[n]);
    for (const auto& engine : folds) {
      const Tensor logits = run_engine(*engine, input, options.mirror);
      check_finite(logits);
      if (sums.values.empty())
        sums = Tensor({1, logits.shape.c, image.size().k, image.size().j, image.size().i});
      blend(logits, windows[n], windows, sums);
    }
  }
  divide_by_weights(sums, windows, folds.size());
  report(progress, "network", 1.0);
  return sums;
}

}  // namespace hepar
