// SPDX-License-Identifier: Apache-2.0
#include "hepar/windows/window_sums.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/tensors/half.h"

namespace hepar {
namespace {

std::size_t index(std::int64_t n) { return static_cast<std::size_t>(n); }

// Planes of `heads` x h x w values, kept from the first window that touches them to finish().
template <class T>
class PlaneRing {
 public:
  PlaneRing(const SlidingWindows& windows, std::int64_t heads)
      : depth_(std::min(windows.volume()[0], windows.patch()[0])),
        height_(windows.volume()[1]),
        width_(windows.volume()[2]),
        heads_(heads),
        values_(index(depth_ * heads * height_ * width_)) {}
  T* row(std::int64_t d, std::int64_t head, std::int64_t h) {
    return values_.data() + ((d % depth_ * heads_ + head) * height_ + h) * width_;
  }
  void clear(std::int64_t d) { std::fill_n(row(d, 0, 0), heads_ * height_ * width_, T{}); }

 private:
  std::int64_t depth_, height_, width_, heads_;
  std::vector<T> values_;
};

// The rows (d, h) of a window that lie in the volume, for each head: visit(head, row in the window's logits,
// d, h), the rows' first voxels being those of `w`.
template <class Visit>
void visit_rows(const SlidingWindows& windows, const Kernel3& start, std::int64_t heads, const Visit& visit) {
  const WindowPart d = windows.part(0, start[0]), h = windows.part(1, start[1]);
  const Kernel3& patch = windows.patch();
  parallel_for(heads * d.count, [&](std::int64_t task) {
    const std::int64_t head = task / d.count, along_d = task % d.count;
    for (std::int64_t along_h = 0; along_h < h.count; ++along_h) {
      const std::int64_t row = (head * patch[0] + d.in_window + along_d) * patch[1] + h.in_window + along_h;
      visit(head, row, d.in_volume + along_d, h.in_volume + along_h);
    }
  });
}

// visit(head, h) for all rows of a plane, in parallel.
template <class Visit>
void visit_plane(std::int64_t heads, std::int64_t height, const Visit& visit) {
  constexpr std::int64_t kRows = 16;  // makes a task worth starting
  const std::int64_t rows = heads * height;
  parallel_for((rows + kRows - 1) / kRows, [&](std::int64_t task) {
    for (std::int64_t row = task * kRows; row < std::min(rows, (task + 1) * kRows); ++row)
      visit(row / height, row % height);
  });
}

// The windows of one axis that hold voxel n, as indices into starts().
std::vector<std::size_t> windows_at(const SlidingWindows& windows, std::size_t axis, std::int64_t n) {
  std::vector<std::size_t> found;
  const auto& starts = windows.starts(axis);
  for (std::size_t at = 0; at < starts.size(); ++at)
    if (starts[at] <= n && n < starts[at] + windows.patch()[axis]) found.push_back(at);
  return found;
}

class FloatSums : public WindowSums {
 public:
  FloatSums(const SlidingWindows& windows, std::int64_t heads, std::size_t folds,
            std::vector<float> elsewhere)
      : windows_(windows),
        heads_(heads),
        folds_(static_cast<float>(folds)),
        elsewhere_(std::move(elsewhere)),
        logits_(windows, heads),
        plane_(index(heads * windows.volume()[1] * windows.volume()[2])) {
    HEPAR_EXPECT(windows.takes_all() || elsewhere_.size() == index(heads),
                 fmt::format("{} logits elsewhere, {} heads", elsewhere_.size(), heads));
  }

  void add(std::size_t, std::span<const float> logits, const Kernel3& start) override {
    const WindowPart w = windows_.part(2, start[2]);
    const float* profile = windows_.profile(2).data() + w.in_window;
    const std::int64_t width = windows_.patch()[2];
    visit_rows(windows_, start, heads_,
               [&](std::int64_t head, std::int64_t row, std::int64_t d, std::int64_t h) {
                 const float weight =
                     windows_.profile(0)[index(d - start[0])] * windows_.profile(1)[index(h - start[1])];
                 const float* source = logits.data() + row * width + w.in_window;
                 float* target = logits_.row(d, head, h) + w.in_volume;
                 for (std::int64_t n = 0; n < w.count; ++n) target[n] += weight * profile[n] * source[n];
               });
  }

  std::span<const float> finish(std::int64_t d) override {
    const std::int64_t height = windows_.volume()[1], width = windows_.volume()[2];
    visit_plane(heads_, height, [&](std::int64_t head, std::int64_t h) {
      const float weight = windows_.weight_sums(0)[index(d)] * windows_.weight_sums(1)[index(h)] * folds_;
      const float* weights = windows_.weight_sums(2).data();
      const float* source = logits_.row(d, head, h);
      float* target = plane_.data() + (head * height + h) * width;
      for (std::int64_t n = 0; n < width; ++n) target[n] = source[n] / (weight * weights[n]);
    });
    if (!windows_.takes_all()) weigh_anew(d);
    logits_.clear(d);
    return plane_;
  }

 private:
  // A row's weights over the windows that are taken, and how many are not.
  struct RowWeights {
    explicit RowWeights(std::size_t width) : taken(width), missing(width) {}
    std::vector<float> taken;
    std::vector<int> missing;
  };

  // The voxels of plane d that lie in windows not taken, too: the mean over those that are, or `elsewhere`.
  void weigh_anew(std::int64_t d) {
    const std::int64_t height = windows_.volume()[1], width = windows_.volume()[2];
    const auto along_d = windows_at(windows_, 0, d);
    visit_plane(1, height, [&](std::int64_t, std::int64_t h) {
      const RowWeights weights = row_weights(d, along_d, h);
      for (std::int64_t head = 0; head < heads_; ++head) {
        const float* source = logits_.row(d, head, h);
        float* target = plane_.data() + (head * height + h) * width;
        for (std::size_t n = 0; n < index(width); ++n) {
          if (weights.missing[n] == 0) continue;
          const float weight = weights.taken[n];
          target[n] = weight > 0 ? source[n] / (weight * folds_) : elsewhere_[index(head)];
        }
      }
    });
  }

  RowWeights row_weights(std::int64_t d, const std::vector<std::size_t>& along_d, std::int64_t h) const {
    RowWeights weights(index(windows_.volume()[2]));
    for (const std::size_t nd : along_d) {
      for (const std::size_t nh : windows_at(windows_, 1, h)) {
        const float weight = windows_.profile(0)[index(d - windows_.starts(0)[nd])] *
                             windows_.profile(1)[index(h - windows_.starts(1)[nh])];
        for (std::size_t nw = 0; nw < windows_.starts(2).size(); ++nw) {
          const WindowPart w = windows_.part(2, windows_.starts(2)[nw]);
          const float* profile = windows_.profile(2).data() + w.in_window;
          const bool taken = windows_.takes(nd, nh, nw);
          for (std::int64_t n = 0; n < w.count; ++n) {
            weights.taken[index(w.in_volume + n)] += taken ? weight * profile[n] : 0.0F;
            weights.missing[index(w.in_volume + n)] += taken ? 0 : 1;
          }
        }
      }
    }
    return weights;
  }

  const SlidingWindows& windows_;
  std::int64_t heads_;
  float folds_;
  std::vector<float> elsewhere_;
  PlaneRing<float> logits_;
  std::vector<float> plane_;
};

float rounded(float value) { return float_from_half(half_from_float(value)); }

class HalfSums : public WindowSums {
 public:
  HalfSums(const SlidingWindows& windows, std::int64_t heads, std::size_t folds)
      : windows_(windows),
        heads_(heads),
        window_weights_(half_window_weights(windows.patch())),
        weights_(windows, 1),
        plane_(index(heads * windows.volume()[1] * windows.volume()[2])) {
    HEPAR_EXPECT(windows.takes_all(), "float16 sums are over all windows");
    for (std::size_t fold = 0; fold < folds; ++fold) logits_.emplace_back(windows, heads);
  }

  void add(std::size_t fold, std::span<const float> logits, const Kernel3& start) override {
    const WindowPart w = windows_.part(2, start[2]);
    const std::int64_t width = windows_.patch()[2];
    const std::int64_t rows_of_head = windows_.patch()[0] * windows_.patch()[1];
    visit_rows(windows_, start, heads_,
               [&](std::int64_t head, std::int64_t row, std::int64_t d, std::int64_t h) {
                 const float* source = logits.data() + row * width + w.in_window;
                 const float* weight = window_weights_.data() + row % rows_of_head * width + w.in_window;
                 std::uint16_t* sum = logits_[fold].row(d, head, h) + w.in_volume;
                 for (std::int64_t n = 0; n < w.count; ++n)
                   sum[n] = half_from_float(float_from_half(sum[n]) + source[n] * weight[n]);
                 if (fold > 0 || head > 0) return;
                 std::uint16_t* weight_sum = weights_.row(d, 0, h) + w.in_volume;
                 for (std::int64_t n = 0; n < w.count; ++n)
                   weight_sum[n] = half_from_float(float_from_half(weight_sum[n]) + weight[n]);
               });
  }

  std::span<const float> finish(std::int64_t d) override {
    std::atomic<bool> overflow{false};
    const std::int64_t height = windows_.volume()[1], width = windows_.volume()[2];
    visit_plane(heads_, height, [&](std::int64_t head, std::int64_t h) {
      float* mean = plane_.data() + (head * height + h) * width;
      mean_of_row(d, head, h, mean);
      // Sums never shrink from infinity to a number, so that this sees every overflow.
      if (!std::all_of(mean, mean + width, [](float v) { return std::abs(v) <= 65504.0f; })) overflow = true;
    });
    if (overflow) {
      throw Error(ErrorCode::kUnsupported,
                  "the sums of the network's outputs exceed 65504, the range of nnU-Net's float16; predict "
                  "without parity");
    }
    for (auto& fold : logits_) fold.clear(d);
    weights_.clear(d);
    return plane_;
  }

 private:
  void mean_of_row(std::int64_t d, std::int64_t head, std::int64_t h, float* mean) {
    const std::int64_t width = windows_.volume()[2];
    const std::uint16_t* weight = weights_.row(d, 0, h);
    std::fill_n(mean, width, 0.0f);
    for (auto& fold : logits_) {
      const std::uint16_t* sum = fold.row(d, head, h);
      for (std::int64_t n = 0; n < width; ++n)
        mean[n] = rounded(mean[n] + rounded(float_from_half(sum[n]) / float_from_half(weight[n])));
    }
    const auto folds = static_cast<float>(logits_.size());
    if (logits_.size() > 1)
      for (std::int64_t n = 0; n < width; ++n) mean[n] = rounded(mean[n] / folds);
  }

  const SlidingWindows& windows_;
  std::int64_t heads_;
  std::vector<float> window_weights_;
  std::vector<PlaneRing<std::uint16_t>> logits_;  // by fold
  PlaneRing<std::uint16_t> weights_;
  std::vector<float> plane_;
};

}  // namespace

std::unique_ptr<WindowSums> float_sums(const SlidingWindows& windows, std::int64_t heads, std::size_t folds,
                                       std::vector<float> elsewhere) {
  return std::make_unique<FloatSums>(windows, heads, folds, std::move(elsewhere));
}

std::unique_ptr<WindowSums> half_sums(const SlidingWindows& windows, std::int64_t heads, std::size_t folds) {
  return std::make_unique<HalfSums>(windows, heads, folds);
}

}  // namespace hepar
