// SPDX-License-Identifier: Apache-2.0
#include "hepar/windows/predict_logits.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/windows/sliding_window.h"
#include "hepar/windows/window_sums.h"

namespace hepar {
namespace {

// Fills a patch (channels, patch) of zeros; zero it stays where the window reaches beyond the image: nnU-Net
// pads after normalising.
void cut_patch(const Tensor& image, const SlidingWindows& windows, const Kernel3& start, float* result) {
  const Kernel3& patch = windows.patch();
  const TensorShape& s = image.shape;
  const WindowPart d = windows.part(0, start[0]), h = windows.part(1, start[1]),
                   w = windows.part(2, start[2]);
  for (std::int64_t c = 0; c < s.c; ++c) {
    for (std::int64_t z = 0; z < d.count; ++z) {
      const auto plane = image.values.begin() + ((c * s.d + d.in_volume + z) * s.h + h.in_volume) * s.w;
      float* target = result + ((c * patch[0] + d.in_window + z) * patch[1] + h.in_window) * patch[2];
      for (std::int64_t y = 0; y < h.count; ++y)
        std::copy_n(plane + y * s.w + w.in_volume, w.count, target + y * patch[2] + w.in_window);
    }
  }
}

class Prediction {
 public:
  Prediction(const Tensor& image, const FoldEngines& folds, const WindowOptions& options, Progress* progress)
      : image_(image),
        folds_(folds),
        options_(options),
        windows_({image.shape.d, image.shape.h, image.shape.w}, options.patch, options.step_fraction),
        progress_(progress) {
    if (options.run.empty()) return;
    windows_.choose(options.run);
    // No window may be left to tell how many heads there are.
    if (!windows_.takes_all()) make_sums(static_cast<std::int64_t>(options.elsewhere.size()));
  }

  void run(const PlaneSink& sink) {
    const auto& starts = windows_.starts(0);
    std::int64_t finished = 0;
    for (std::size_t n = 0; n < starts.size(); ++n) {
      add_windows(n);
      const std::int64_t untouched = n + 1 < starts.size() ? starts[n + 1] : image_.shape.d;
      for (; finished < untouched; ++finished) sink(finished, sums_->finish(finished));
    }
    report(progress_, "network", 1.0);
  }

 private:
  // Those that begin at plane starts(0)[n].
  void add_windows(std::size_t n) {
    const auto &along_h = windows_.starts(1), &along_w = windows_.starts(2);
    for (std::size_t h = 0; h < along_h.size(); ++h) {
      for (std::size_t w = 0; w < along_w.size(); ++w) {
        if (!windows_.takes(n, h, w)) continue;
        pending_.push_back({windows_.starts(0)[n], along_h[h], along_w[w]});
        if (static_cast<std::int64_t>(pending_.size()) >= folds_.preferred_samples()) add_pending();
      }
    }
    if (!pending_.empty()) add_pending();
  }

  void make_sums(std::int64_t heads) {
    heads_ = heads;
    sums_ = options_.parity ? half_sums(windows_, heads, folds_.count())
                            : float_sums(windows_, heads, folds_.count(), options_.elsewhere);
  }

  void add_pending() {
    report(progress_, "network", static_cast<double>(done_) / static_cast<double>(windows_.taken_count()));
    const auto [d, h, w] = windows_.patch();
    Tensor input({static_cast<std::int64_t>(pending_.size()), image_.shape.c, d, h, w});
    const std::int64_t size = image_.shape.c * d * h * w;
    for (std::size_t n = 0; n < pending_.size(); ++n)
      cut_patch(image_, windows_, pending_[n], input.values.data() + static_cast<std::int64_t>(n) * size);
    std::vector<Tensor> logits;  // by fold; of one window, each is forgotten at once
    for (std::size_t fold = 0; fold < folds_.count(); ++fold) {
      logits.push_back(run_fold(fold, input));
      if (pending_.size() > 1) continue;
      sums_->add(fold, logits.back().values, pending_[0]);
      logits.pop_back();
    }
    if (!logits.empty()) add_by_window(logits);
    done_ += static_cast<std::int64_t>(pending_.size());
    pending_.clear();
  }

  Tensor run_fold(std::size_t fold, const Tensor& input) {
    Tensor logits = folds_.run(fold, input, options_.mirror_axes);
    TensorShape wanted = input.shape;
    wanted.c = logits.shape.c;
    HEPAR_EXPECT(logits.shape == wanted, "logits of another size than the patch");
    if (!sums_) make_sums(wanted.c);
    HEPAR_EXPECT(wanted.c == heads_, fmt::format("{} heads instead of {}", wanted.c, heads_));
    return logits;
  }

  // In the order of single windows, so that the sums are the same to the bit.
  void add_by_window(const std::vector<Tensor>& logits) {
    const std::size_t size = logits[0].values.size() / pending_.size();
    for (std::size_t n = 0; n < pending_.size(); ++n)
      for (std::size_t fold = 0; fold < logits.size(); ++fold)
        sums_->add(fold, std::span(logits[fold].values).subspan(n * size, size), pending_[n]);
  }

  const Tensor& image_;
  const FoldEngines& folds_;
  const WindowOptions& options_;
  SlidingWindows windows_;
  Progress* progress_;
  std::unique_ptr<WindowSums> sums_;
  std::int64_t heads_ = 0;
  std::vector<Kernel3> pending_;  // windows that wait for a batch
  std::int64_t done_ = 0;         // windows
};

}  // namespace

void predict_planes(const Tensor& image, const FoldEngines& folds, const WindowOptions& options,
                    const PlaneSink& sink, Progress* progress) {
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
