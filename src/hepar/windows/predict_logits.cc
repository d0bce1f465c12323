// SPDX-License-Identifier: Apache-2.0
#include "hepar/windows/predict_logits.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/windows/sliding_window.h"
#include "hepar/windows/window_sums.h"

namespace hepar {
namespace {

// Zero where the window reaches beyond the image: nnU-Net pads after normalising.
Tensor cut_patch(const Tensor& image, const SlidingWindows& windows, const Kernel3& start) {
  const Kernel3& patch = windows.patch();
  const TensorShape& s = image.shape;
  const WindowPart d = windows.part(0, start[0]), h = windows.part(1, start[1]),
                   w = windows.part(2, start[2]);
  Tensor result({1, s.c, patch[0], patch[1], patch[2]});
  for (std::int64_t c = 0; c < s.c; ++c) {
    for (std::int64_t z = 0; z < d.count; ++z) {
      const auto plane = image.values.begin() + ((c * s.d + d.in_volume + z) * s.h + h.in_volume) * s.w;
      const auto target =
          result.values.begin() + ((c * patch[0] + d.in_window + z) * patch[1] + h.in_window) * patch[2];
      for (std::int64_t y = 0; y < h.count; ++y)
        std::copy_n(plane + y * s.w + w.in_volume, w.count, target + y * patch[2] + w.in_window);
    }
  }
  return result;
}

class Prediction {
 public:
  Prediction(const Tensor& image, const FoldEngines& folds, const WindowOptions& options, Progress* progress)
      : image_(image),
        folds_(folds),
        options_(options),
        windows_({image.shape.d, image.shape.h, image.shape.w}, options.patch, options.step_fraction),
        progress_(progress) {}

  void run(const PlaneSink& sink) {
    const auto& starts = windows_.starts(0);
    std::int64_t finished = 0;
    for (std::size_t n = 0; n < starts.size(); ++n) {
      for (const std::int64_t h : windows_.starts(1)) {
        for (const std::int64_t w : windows_.starts(2)) add_window({starts[n], h, w});
      }
      const std::int64_t untouched = n + 1 < starts.size() ? starts[n + 1] : image_.shape.d;
      for (; finished < untouched; ++finished) sink(finished, sums_->finish(finished));
    }
    report(progress_, "network", 1.0);
  }

 private:
  void add_window(const Kernel3& start) {
    report(progress_, "network", static_cast<double>(done_++) / static_cast<double>(windows_.count()));
    const Tensor input = cut_patch(image_, windows_, start);
    for (std::size_t fold = 0; fold < folds_.count(); ++fold) {
      const Tensor logits = folds_.run(fold, input, options_.mirror_axes);
      const Kernel3& patch = windows_.patch();
      HEPAR_EXPECT((logits.shape == TensorShape{1, logits.shape.c, patch[0], patch[1], patch[2]}),
                   "logits of another size than the patch");
      if (!sums_) {
        sums_ = (options_.parity ? half_sums : float_sums)(windows_, logits.shape.c, folds_.count());
      }
      sums_->add(fold, logits, start);
    }
  }

  const Tensor& image_;
  const FoldEngines& folds_;
  const WindowOptions& options_;
  SlidingWindows windows_;
  Progress* progress_;
  std::unique_ptr<WindowSums> sums_;
  std::int64_t done_ = 0;  // windows
};

}  // namespace

void predict_planes(const Tensor& image, const FoldEngines& folds, const WindowOptions& options,
                    const PlaneSink& sink, Progress* progress) {
  if (!(options.step_fraction > 0 && options.step_fraction <= 1)) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the window step is {} of a patch; give more than 0 and at most 1, 0.5 is usual",
                            options.step_fraction));
  }
  Prediction(image, folds, options, progress).run(sink);
}

Tensor predict_logits(const Tensor& image, const FoldEngines& folds, const WindowOptions& options,
                      Progress* progress) {
  Tensor logits;
  const TensorShape& s = image.shape;
  const auto keep = [&](std::int64_t d, std::span<const float> plane) {
    const auto heads = static_cast<std::int64_t>(plane.size()) / (s.h * s.w);
    if (logits.values.empty()) logits = Tensor({1, heads, s.d, s.h, s.w});
    for (std::int64_t head = 0; head < heads; ++head)
      std::copy_n(plane.begin() + head * s.h * s.w, s.h * s.w,
                  logits.values.begin() + (head * s.d + d) * s.h * s.w);
  };
  predict_planes(image, folds, options, keep, progress);
  return logits;
}

}  // namespace hepar
