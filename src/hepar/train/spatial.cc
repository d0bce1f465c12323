// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/spatial.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "hepar/core/error.h"
#include "hepar/tensors/half.h"

namespace hepar {
namespace {

constexpr std::int16_t kNothing = -1;

Patch empty_patch(const SourceWindow& window, const Kernel3& size) {
  Patch patch;
  patch.size = size;
  patch.channels = window.channels;
  patch.start = window.start;
  const auto voxels = static_cast<std::size_t>(patch.voxel_count());
  patch.image.assign(static_cast<std::size_t>(window.channels) * voxels, 0.0F);
  patch.labels.assign(voxels, kNothing);
  return patch;
}

// The voxels on both sides of a coordinate.
struct Taps {
  std::int64_t low = 0;
  float high_weight = 0;
};
Taps taps_at(double coordinate) {
  const double low = std::floor(coordinate);
  return {static_cast<std::int64_t>(low), static_cast<float>(coordinate - low)};
}

// The eight voxels around a point: [d][h][w] with 0 below and 1 above it.
struct Neighbourhood {
  std::array<std::int16_t, 8> labels;
  std::array<float, 8> weights;
};

// Where eight labels differ: see resample_patch().
std::int16_t vote(const Neighbourhood& around) {
  std::int16_t winner = 0;
  float most = -1;
  for (std::size_t n = 0; n < 8; ++n) {
    const std::int16_t label = around.labels[n];
    float weight = 0;
    for (std::size_t m = 0; m < 8; ++m) weight += around.labels[m] == label ? around.weights[m] : 0.0F;
    weight = float_from_half(half_from_float(1000 * weight));
    if (weight > most || (weight == most && label < winner)) {
      most = weight;
      winner = label;
    }
  }
  return winner;
}

std::array<float, 8> corner_weights(float d, float h, float w) {
  std::array<float, 8> weights{};
  for (std::size_t n = 0; n < 8; ++n)
    weights[n] = (n & 4 ? d : 1 - d) * (n & 2 ? h : 1 - h) * (n & 1 ? w : 1 - w);
  return weights;
}

// Resamples a window by pieces of rows. Most lie inside the case but for their ends: there all eight
// neighbours can be read without asking whether they are in it.
class Resampler {
 public:
  Resampler(const SourceWindow& window, const Mat3& map, Patch& patch)
      : window_(window), map_(map), patch_(patch), voxels_(static_cast<std::size_t>(patch.voxel_count())) {
    const Kernel3& size = window.case_size;
    stride_ = {size[1] * size[2], size[2], 1};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      centre_[axis] = static_cast<double>(window.size[axis] - 1) / 2;
      begin_[axis] = std::max<std::int64_t>(0, -window.start[axis]);
      end_[axis] = std::min(window.size[axis], size[axis] - window.start[axis]);
      origin_ += window.start[axis] * stride_[axis];
    }
    case_voxels_ = size[0] * stride_[0];
  }

  // Block by block: a whole row of a turned patch crosses so many rows of the case that the next one finds
  // none of them in the cache any more.
  void run() const {
    constexpr std::int64_t kEdge = 16, kLength = 32;
    const Kernel3& size = patch_.size;
    for (std::int64_t d = 0; d < size[0]; d += kEdge) {
      for (std::int64_t h = 0; h < size[1]; h += kEdge) {
        for (std::int64_t w = 0; w < size[2]; w += kLength) {
          block({d, h, w},
                {std::min(d + kEdge, size[0]), std::min(h + kEdge, size[1]), std::min(w + kLength, size[2])});
        }
      }
    }
  }

 private:
  // Source coordinates along a row of the patch: base + w * step.
  struct Row {
    Row(const Resampler& owner, std::int64_t d, std::int64_t h) {
      const std::array<double, 3> first{
          static_cast<double>(d) - static_cast<double>(owner.patch_.size[0] - 1) / 2,
          static_cast<double>(h) - static_cast<double>(owner.patch_.size[1] - 1) / 2,
          -static_cast<double>(owner.patch_.size[2] - 1) / 2};
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const auto& m = owner.map_.at[axis];
        base[axis] = owner.centre_[axis] + m[0] * first[0] + m[1] * first[1] + m[2] * first[2];
        step[axis] = m[2];
        // In a slice that is not left, the next one has no weight and may be missing.
        stays[axis] = step[axis] == 0 && base[axis] == std::floor(base[axis]);
      }
    }
    double at(std::size_t axis, std::int64_t w) const {
      return base[axis] + static_cast<double>(w) * step[axis];
    }
    std::array<double, 3> base{}, step{};
    std::array<bool, 3> stays{};
  };

  bool all_inside(const Row& line, std::int64_t w) const {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double at = line.at(axis, w);
      if (at < static_cast<double>(begin_[axis])) return false;
      if (at >= static_cast<double>(end_[axis] - (line.stays[axis] ? 0 : 1))) return false;
    }
    return true;
  }

  // The first and the last voxel in [begin, end) of the row with all neighbours inside: that is one interval,
  // as coordinates go straight. The bounds are computed, then moved until they hold in floating point as
  // well.
  std::array<std::int64_t, 2> inner_part(const Row& line, std::int64_t begin, std::int64_t end) const {
    auto low = static_cast<double>(begin), high = static_cast<double>(end - 1);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double step = line.step[axis];
      if (step == 0) continue;
      const double a = (static_cast<double>(begin_[axis]) - line.base[axis]) / step;
      const double b = (static_cast<double>(end_[axis] - 1) - line.base[axis]) / step;
      low = std::max(low, std::min(a, b));
      high = std::min(high, std::max(a, b));
    }
    if (!(low <= high)) return {begin, begin - 1};
    auto first = static_cast<std::int64_t>(std::ceil(low));
    auto last = static_cast<std::int64_t>(std::floor(high));
    while (first <= last && !all_inside(line, first)) ++first;
    while (first <= last && !all_inside(line, last)) --last;
    return first <= last ? std::array{first, last} : std::array{begin, begin - 1};
  }

  void block(const Kernel3& begin, const Kernel3& end) const {
    for (std::int64_t d = begin[0]; d < end[0]; ++d) {
      for (std::int64_t h = begin[1]; h < end[1]; ++h) {
        const Row line(*this, d, h);
        const auto target = static_cast<std::size_t>((d * patch_.size[1] + h) * patch_.size[2]);
        const auto [first, last] = inner_part(line, begin[2], end[2]);
        edge(line, begin[2], first, target);
        inner(line, first, last + 1, target);
        edge(line, last + 1, end[2], target);
      }
    }
  }

  void inner(const Row& line, std::int64_t first, std::int64_t end, std::size_t target) const {
    // Copies of what does not change, since the compiler can't know that the stores leave it alone.
    const std::int64_t next_d = line.stays[0] ? 0 : stride_[0], stride_d = stride_[0];
    const std::int64_t next_h = line.stays[1] ? 0 : stride_[1], stride_h = stride_[1];
    const std::int64_t next_w = line.stays[2] ? 0 : 1;
    const std::int64_t case_voxels = case_voxels_, channels = window_.channels;
    const auto patch_voxels = static_cast<std::int64_t>(voxels_);
    const float* const source_image = window_.image.data() + origin_;
    const std::int16_t* const source_labels = window_.labels.data() + origin_;
    float* const image = patch_.image.data() + target;
    std::int16_t* const labels = patch_.labels.data() + target;
    const Row own = line;
    for (std::int64_t w = first; w < end; ++w) {
      const double at_d = own.at(0, w), at_h = own.at(1, w), at_w = own.at(2, w);
      // Not negative, so that cutting off is rounding down.
      const auto d = static_cast<std::int32_t>(at_d), h = static_cast<std::int32_t>(at_h),
                 i = static_cast<std::int32_t>(at_w);
      const auto fd = static_cast<float>(at_d - d), fh = static_cast<float>(at_h - h),
                 fw = static_cast<float>(at_w - i);
      const std::int64_t offset = d * stride_d + h * stride_h + i;
      const float* source = source_image + offset;
      for (std::int64_t c = 0; c < channels; ++c, source += case_voxels) {
        const auto line_at = [=](std::int64_t o) {
          return source[o] + fw * (source[o + next_w] - source[o]);
        };
        const auto plane_at = [=](std::int64_t o) {
          const float low = line_at(o);
          return low + fh * (line_at(o + next_h) - low);
        };
        const float low = plane_at(0);
        image[c * patch_voxels + w] = low + fd * (plane_at(next_d) - low);
      }
      const std::int16_t* l = source_labels + offset;
      labels[w] = label_of({{l[0], l[next_w], l[next_h], l[next_h + next_w], l[next_d], l[next_d + next_w],
                             l[next_d + next_h], l[next_d + next_h + next_w]},
                            {}},
                           fd, fh, fw);
    }
  }

  static std::int16_t label_of(const Neighbourhood& around, float d, float h, float w) {
    const auto& l = around.labels;
    const int first = l[0];
    const int different = (l[1] ^ first) | (l[2] ^ first) | (l[3] ^ first) | (l[4] ^ first) | (l[5] ^ first) |
                          (l[6] ^ first) | (l[7] ^ first);
    if (different == 0) return l[0];
    return vote({l, corner_weights(d, h, w)});
  }

  bool inside(const Kernel3& at) const {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (at[axis] < begin_[axis] || at[axis] >= end_[axis]) return false;
    }
    return true;
  }

  // Voxels some of whose neighbours may lie outside the case.
  void edge(const Row& line, std::int64_t first, std::int64_t end, std::size_t target) const {
    for (std::int64_t w = first; w < end; ++w) {
      const Taps d = taps_at(line.at(0, w)), h = taps_at(line.at(1, w)), i = taps_at(line.at(2, w));
      Neighbourhood around{{}, corner_weights(d.high_weight, h.high_weight, i.high_weight)};
      const std::size_t v = target + static_cast<std::size_t>(w);
      for (std::size_t n = 0; n < 8; ++n) {
        const Kernel3 at{d.low + (n & 4 ? 1 : 0), h.low + (n & 2 ? 1 : 0), i.low + (n & 1 ? 1 : 0)};
        around.labels[n] = kNothing;
        if (!inside(at)) continue;
        const auto offset =
            static_cast<std::size_t>(origin_ + at[0] * stride_[0] + at[1] * stride_[1] + at[2]);
        around.labels[n] = window_.labels[offset];
        for (std::size_t c = 0; c < static_cast<std::size_t>(window_.channels); ++c) {
          patch_.image[c * voxels_ + v] +=
              around.weights[n] * window_.image[c * static_cast<std::size_t>(case_voxels_) + offset];
        }
      }
      patch_.labels[v] = beyond_window(line, w) ? kNothing : vote(around);
    }
  }

  bool beyond_window(const Row& line, std::int64_t w) const {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double at = line.at(axis, w);
      if (at < 0 || at > static_cast<double>(window_.size[axis] - 1)) return true;
    }
    return false;
  }

  const SourceWindow& window_;
  const Mat3& map_;
  Patch& patch_;
  std::size_t voxels_;
  std::array<double, 3> centre_{};  // of the window
  Kernel3 begin_{}, end_{};         // what of the window lies in the case
  Kernel3 stride_{};                // of the case
  std::int64_t origin_ = 0;         // offset in the case of the window's first voxel, where there is one
  std::int64_t case_voxels_ = 0;
};

template <class T>
void reverse_axis(std::span<T> values, std::int64_t outer, std::int64_t length, std::int64_t inner) {
  for (std::int64_t o = 0; o < outer; ++o) {
    T* block = values.data() + o * length * inner;
    if (inner == 1) {
      std::reverse(block, block + length);  // several times faster than one by one
      continue;
    }
    for (std::int64_t n = 0; n < length / 2; ++n)
      std::swap_ranges(block + n * inner, block + (n + 1) * inner, block + (length - 1 - n) * inner);
  }
}

}  // namespace

Mat3 source_from_patch(const std::array<double, 3>& angles_rad, const std::array<double, 3>& scales) {
  const auto turn = [&](std::size_t n) {
    return std::array{std::cos(angles_rad[n]), std::sin(angles_rad[n])};
  };
  const auto [cd, sd] = turn(0);
  const auto [ch, sh] = turn(1);
  const auto [cw, sw] = turn(2);
  const Mat3 about_d{{{{1, 0, 0}, {0, cd, -sd}, {0, sd, cd}}}};
  const Mat3 about_h{{{{ch, 0, sh}, {0, 1, 0}, {-sh, 0, ch}}}};
  const Mat3 about_w{{{{cw, -sw, 0}, {sw, cw, 0}, {0, 0, 1}}}};
  const Mat3 scaled{{{{scales[0], 0, 0}, {0, scales[1], 0}, {0, 0, scales[2]}}}};
  return about_w * about_h * about_d * scaled;
}

Patch crop_patch(const SourceWindow& window, const Kernel3& patch_size) {
  Patch patch = empty_patch(window, patch_size);
  const Kernel3& size = window.case_size;
  Kernel3 begin{}, end{};  // of the part in the case, in voxels of the patch
  for (std::size_t axis = 0; axis < 3; ++axis) {
    HEPAR_EXPECT(patch_size[axis] <= window.size[axis], "the patch is larger than its window");
    patch.start[axis] += window.size[axis] / 2 - patch_size[axis] / 2;
    begin[axis] = std::max<std::int64_t>(0, -patch.start[axis]);
    end[axis] = std::min(patch_size[axis], size[axis] - patch.start[axis]);
    if (begin[axis] >= end[axis]) return patch;
  }
  const auto copy = [&](auto* source, auto* target) {
    for (std::int64_t d = begin[0]; d < end[0]; ++d) {
      for (std::int64_t h = begin[1]; h < end[1]; ++h) {
        const auto* from =
            source + ((d + patch.start[0]) * size[1] + h + patch.start[1]) * size[2] + patch.start[2];
        std::copy(from + begin[2], from + end[2],
                  target + (d * patch_size[1] + h) * patch_size[2] + begin[2]);
      }
    }
  };
  copy(window.labels.data(), patch.labels.data());
  for (std::int64_t c = 0; c < window.channels; ++c) {
    copy(window.image.data() + c * size[0] * size[1] * size[2], patch.image.data() + c * patch.voxel_count());
  }
  return patch;
}

Patch resample_patch(const SourceWindow& window, const Kernel3& patch_size, const Mat3& map) {
  Patch patch = empty_patch(window, patch_size);
  Resampler(window, map, patch).run();
  return patch;
}

void mirror(Patch& patch, std::size_t axis) {
  std::int64_t outer = 1, inner = 1;
  for (std::size_t n = 0; n < axis; ++n) outer *= patch.size[n];
  for (std::size_t n = axis + 1; n < 3; ++n) inner *= patch.size[n];
  reverse_axis<std::int16_t>(patch.labels, outer, patch.size[axis], inner);
  reverse_axis<float>(patch.image, patch.channels * outer, patch.size[axis], inner);
}

}  // namespace hepar
