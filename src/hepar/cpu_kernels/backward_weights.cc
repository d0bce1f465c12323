// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/backward_weights.h"

#include <algorithm>
#include <array>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/scratch.h"
#include "hepar/cpu_kernels/training_kernels.h"
#include "hepar/cpu_kernels/training_rules.h"
#include "hepar/cpu_kernels/winograd_kernels.h"

namespace hepar::cpu {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Where each channel block of a sample's input begins.
std::vector<const float*> input_blocks(const ConvolutionShape& shape, const GradientSample& sample) {
  const std::int64_t lanes = channel_block(), size = voxels_of(shape.in) * lanes;
  std::vector<const float*> blocks;
  for (const MapsPart& part : sample.in) {
    HEPAR_EXPECT(part.first_plane == 0 && part.planes == shape.in[0], "gradients need all planes");
    for (std::int64_t b = 0; b < part.channels / lanes; ++b) blocks.push_back(part.maps + b * size);
  }
  HEPAR_EXPECT(static_cast<std::int64_t>(blocks.size()) * lanes == shape.in_channels,
               "not the convolution's input channels");
  return blocks;
}

// Inputs and gradients of a group of tiles are transformed, and their products summed over the tiles at each
// point; the sums of all tiles are transformed to the kernel's taps at the end.
class TileSums {
 public:
  TileSums(const ConvolutionShape& shape, const TileRules& rules, std::span<const GradientSample> samples)
      : shape_(shape), rules_(rules), samples_(samples), lanes_(channel_block()), out_(shape.out()) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      axes_[axis] = &axis_rule(rules[axis]);
      tiles_[axis] = ceil_div(out_[axis], axes_[axis]->outputs);
    }
    points_ = std::int64_t{axes_[0]->points} * axes_[1]->points * axes_[2]->points;
    in_blocks_ = shape.in_channels / lanes_;
    out_blocks_ = shape.out_channels / lanes_;
    for (const GradientSample& sample : samples) inputs_.push_back(input_blocks(shape, sample));
    all_tiles_ = static_cast<std::int64_t>(samples.size()) * voxels_of(tiles_);
    const std::int64_t channels = shape.in_channels + shape.out_channels;
    group_ = std::min(all_tiles_, std::clamp<std::int64_t>(kGroupFloats / (points_ * channels), 16, 48));
    // Off from powers of 2, at which the points would compete for the same lines of the cache.
    input_point_ = in_blocks_ * group_ * lanes_ + kCacheLine;
    gradient_point_ = out_blocks_ * group_ * lanes_ + kCacheLine;
    sums_count_ = points_ * shape.in_channels * shape.out_channels;
  }

  void run(std::span<float> gradient) const {
    // As many partial sums as the shape gives: their order does not depend on the threads.
    const std::int64_t parts = std::clamp<std::int64_t>(all_tiles_ / kTilesOfPart, 1, kMostParts);
    const AlignedFloats sums = make_aligned(parts * sums_count_);
    if (parts == 1)
      sum_on_all_threads(sums.get());
    else
      sum_parts(parts, sums.get());
    write(sums.get(), gradient);
  }

 private:
  static constexpr std::int64_t kCacheLine = 16;           // floats
  static constexpr std::int64_t kGroupFloats = 64 * 1024;  // half of a core's second cache
  static constexpr std::int64_t kTilesOfPart = 512, kMostParts = 16;
  // Tiles whose inputs are transformed together; their overlaps along w are transformed once, and the buffer
  // fits into the first level of the cache.
  static constexpr std::int64_t kRun = 4;

  // Tiles [first, first + count) of the numbering w fastest, then h, d and the sample.
  struct Group {
    std::int64_t first, count;
    float *inputs, *gradients;
  };

  Group make_group(std::int64_t first, std::int64_t end) const {
    return {first, std::min(group_, end - first),
            thread_scratch(ScratchSlot::kInputs, points_ * input_point_),
            thread_scratch(ScratchSlot::kProducts, points_ * gradient_point_)};
  }

  void sum_parts(std::int64_t parts, float* sums) const {
    parallel_for(parts, [&](std::int64_t part) {
      float* own = sums + part * sums_count_;
      std::fill_n(own, sums_count_, 0.0f);
      const std::int64_t end = (part + 1) * all_tiles_ / parts;
      for (std::int64_t first = part * all_tiles_ / parts; first < end; first += group_) {
        const Group group = make_group(first, end);
        for (std::int64_t at = 0; at < group.count; at += run_at(group, at)) transform_run(group, at);
        for (std::int64_t point = 0; point < points_; ++point) multiply(group, point, own);
      }
    });
    const std::int64_t rows = points_ * shape_.in_channels, width = shape_.out_channels;
    parallel_for(ceil_div(rows, kRowsOfTask), [&](std::int64_t task) {
      const std::int64_t begin = task * kRowsOfTask * width,
                         end = std::min(begin + kRowsOfTask * width, rows * width);
      for (std::int64_t part = 1; part < parts; ++part)
        for (std::int64_t n = begin; n < end; ++n) sums[n] += sums[part * sums_count_ + n];
    });
  }
  static constexpr std::int64_t kRowsOfTask = 64;

  void sum_on_all_threads(float* sums) const {
    std::fill_n(sums, sums_count_, 0.0f);
    for (std::int64_t first = 0; first < all_tiles_; first += group_) {
      const Group group = make_group(first, all_tiles_);
      std::vector<std::int64_t> runs;
      for (std::int64_t at = 0; at < group.count; at += run_at(group, at)) runs.push_back(at);
      parallel_for(static_cast<std::int64_t>(runs.size()),
                   [&](std::int64_t n) { transform_run(group, runs[static_cast<std::size_t>(n)]); });
      parallel_for(points_, [&](std::int64_t point) { multiply(group, point, sums); });
    }
  }

  // Tiles in a row from the group's tile `at` on.
  std::int64_t run_at(const Group& group, std::int64_t at) const {
    return std::min({group.count - at, kRun, tiles_[2] - (group.first + at) % tiles_[2]});
  }

  void transform_run(const Group& group, std::int64_t at) const {
    const std::int64_t tile = group.first + at, count = run_at(group, at), each = voxels_of(tiles_);
    const auto sample = static_cast<std::size_t>(tile / each);
    const std::int64_t within = tile % each;
    const Size3 place{within / (tiles_[1] * tiles_[2]), within / tiles_[2] % tiles_[1], within % tiles_[2]};
    for (std::int64_t b = 0; b < in_blocks_; ++b) {
      transform_inputs(inputs_[sample][static_cast<std::size_t>(b)], place, count,
                       group.inputs + (b * group_ + at) * lanes_);
    }
    for (std::int64_t b = 0; b < out_blocks_; ++b) {
      transform_gradients(samples_[sample].out_gradient + b * voxels_of(out_) * lanes_, place, count,
                          group.gradients + (b * group_ + at) * lanes_);
    }
  }

  // A box of a map, places outside of the map being zero: axis d is transformed from its rows.
  struct Box {
    const float* maps;
    Size3 size, first;
    std::int64_t columns;
  };

  // Calls along_d(planes, columns, target) for each row h of the box; what lies outside becomes zero, since
  // the transforms are linear.
  template <class AlongD>
  void for_rows(const Box& box, std::int64_t planes_in, std::int64_t planes_out, std::int64_t rows,
                float* buffer, const AlongD& along_d) const {
    const std::int64_t row = box.columns * lanes_, plane = rows * row;
    float* zeros = buffer + planes_out * plane;
    std::fill_n(zeros, row, 0.0f);
    const std::int64_t from = std::max<std::int64_t>(0, -box.first[2]),
                       to = std::min(box.columns, box.size[2] - box.first[2]);
    for (std::int64_t h = 0; h < rows; ++h) {
      float* target = buffer + h * row;
      const std::int64_t at_h = box.first[1] + h;
      const bool inside = at_h >= 0 && at_h < box.size[1] && from < to;
      for (std::int64_t d = 0; d < planes_out; ++d) {
        std::fill_n(target + d * plane, (inside ? from : box.columns) * lanes_, 0.0f);
        if (inside) std::fill_n(target + d * plane + to * lanes_, (box.columns - to) * lanes_, 0.0f);
      }
      if (!inside) continue;
      const float* planes[AxisRule::kMaxPoints];
      for (std::int64_t d = 0; d < planes_in; ++d) {
        const std::int64_t at = box.first[0] + d;
        planes[d] = at < 0 || at >= box.size[0]
                        ? zeros
                        : box.maps + ((at * box.size[1] + at_h) * box.size[2] + box.first[2] + from) * lanes_;
      }
      along_d(planes, to - from, target + from * lanes_);
    }
  }

  void transform_inputs(const float* maps, const Size3& place, std::int64_t tiles, float* out) const {
    const auto& [rule_d, rule_h, rule_w] = axes_;
    Box box{maps, shape_.in, {}, (tiles - 1) * rule_w->input_step + rule_w->points};
    for (std::size_t axis = 0; axis < 3; ++axis)
      box.first[axis] = place[axis] * axes_[axis]->input_step - axes_[axis]->before;
    const std::int64_t row = box.columns * lanes_, plane = rule_h->points * row;
    float* buffer = thread_scratch(ScratchSlot::kTransform, rule_d->points * plane + row);
    const WinogradKernels& kernels = winograd_kernels();
    for_rows(box, rule_d->points, rule_d->points, rule_h->points, buffer,
             [&](const float* const* planes, std::int64_t columns, float* target) {
               kernels.transform_d[index(0)]({planes, columns, target, plane, nullptr, 1});
             });
    for (std::int64_t d = 0; d < rule_d->points; ++d) {
      kernels.transform_h[index(1)]({buffer + d * plane, box.columns});
      for (std::int64_t h = 0; h < rule_h->points; ++h) {
        kernels.transform_w[index(2)]({buffer + d * plane + h * row, tiles,
                                       out + (d * rule_h->points + h) * rule_w->points * input_point_,
                                       input_point_});
      }
    }
  }

  void transform_gradients(const float* gradient, const Size3& place, std::int64_t tiles, float* out) const {
    const auto& [rule_d, rule_h, rule_w] = axes_;
    Box box{gradient, out_, {}, tiles * rule_w->outputs};
    for (std::size_t axis = 0; axis < 3; ++axis) box.first[axis] = place[axis] * axes_[axis]->outputs;
    const std::int64_t row = box.columns * lanes_, plane = rule_h->outputs * row;
    const std::int64_t count = rule_d->points * plane + row;
    float* buffer = thread_scratch(ScratchSlot::kTransform, count + rule_h->points * row);
    float* points_h = buffer + count;
    const TrainingKernels& kernels = training_kernels();
    for_rows(box, rule_d->outputs, rule_d->points, rule_h->outputs, buffer,
             [&](const float* const* planes, std::int64_t columns, float* target) {
               kernels.adjoint_d[index(0)]({planes, columns, target, plane});
             });
    for (std::int64_t d = 0; d < rule_d->points; ++d) {
      kernels.adjoint_h[index(1)]({buffer + d * plane, box.columns, points_h});
      for (std::int64_t h = 0; h < rule_h->points; ++h) {
        kernels.adjoint_w[index(2)]({points_h + h * row, tiles,
                                     out + (d * rule_h->points + h) * rule_w->points * gradient_point_,
                                     gradient_point_});
      }
    }
  }

  std::size_t index(std::size_t axis) const { return static_cast<std::size_t>(rules_[axis]); }

  void multiply(const Group& group, std::int64_t point, float* sums) const {
    const TrainingKernels& kernels = training_kernels();
    for (std::int64_t b = 0; b < in_blocks_; ++b) {
      kernels.add_outer({group.inputs + point * input_point_ + b * group_ * lanes_, lanes_,
                         group.gradients + point * gradient_point_, lanes_, group_ * lanes_, out_blocks_,
                         group.count, sums + (point * shape_.in_channels + b * lanes_) * shape_.out_channels,
                         shape_.out_channels});
    }
  }

  // [point][input][output] -> (output, input, taps).
  void write(const float* sums, std::span<float> gradient) const {
    const std::int64_t taps = voxels_of(shape_.kernel), width = shape_.out_channels;
    std::vector<double> rows[3];
    for (std::size_t axis = 0; axis < 3; ++axis) rows[axis] = point_rows(axis);
    parallel_for(shape_.in_channels, [&](std::int64_t i) {
      std::vector<double> along_w, along_h, along_d, plain(static_cast<std::size_t>(points_ * width));
      for (std::int64_t point = 0; point < points_; ++point)
        for (std::int64_t o = 0; o < width; ++o)
          plain[static_cast<std::size_t>(point * width + o)] =
              static_cast<double>(sums[(point * shape_.in_channels + i) * width + o]);
      const std::int64_t points_d = axes_[0]->points, points_h = axes_[1]->points;
      contract(plain, points_d * points_h, 2, width, rows[2], along_w);
      contract(along_w, points_d, 1, shape_.kernel[2] * width, rows[1], along_h);
      contract(along_h, 1, 0, shape_.kernel[1] * shape_.kernel[2] * width, rows[0], along_d);
      for (std::int64_t o = 0; o < width; ++o)
        for (std::int64_t tap = 0; tap < taps; ++tap)
          gradient[static_cast<std::size_t>((o * shape_.in_channels + i) * taps + tap)] =
              static_cast<float>(along_d[static_cast<std::size_t>(tap * width + o)]);
    });
  }

  // How much of each tap an axis's points hold: [tap][point].
  std::vector<double> point_rows(std::size_t axis) const {
    const AxisRule& rule = *axes_[axis];
    std::vector<double> rows;
    for (std::int64_t tap = 0; tap < shape_.kernel[axis]; ++tap)
      for (int p = 0; p < rule.points; ++p) rows.push_back(rule.weight_rows[rule.weight_of_point[p]][tap]);
    return rows;
  }

  // (outer, points, inner) -> (outer, taps, inner).
  void contract(const std::vector<double>& in, std::int64_t outer, std::size_t axis, std::int64_t inner,
                const std::vector<double>& rows, std::vector<double>& out) const {
    const std::int64_t points = axes_[axis]->points, taps = shape_.kernel[axis];
    out.assign(static_cast<std::size_t>(outer * taps * inner), 0.0);
    for (std::int64_t a = 0; a < outer; ++a)
      for (std::int64_t tap = 0; tap < taps; ++tap)
        for (std::int64_t p = 0; p < points; ++p) {
          const double share = rows[static_cast<std::size_t>(tap * points + p)];
          if (share == 0) continue;
          const double* source = in.data() + (a * points + p) * inner;
          double* target = out.data() + (a * taps + tap) * inner;
          for (std::int64_t n = 0; n < inner; ++n) target[n] += share * source[n];
        }
  }

  ConvolutionShape shape_;
  TileRules rules_;
  std::span<const GradientSample> samples_;
  std::int64_t lanes_;
  Size3 out_, tiles_{};
  std::array<const AxisRule*, 3> axes_{};
  std::vector<std::vector<const float*>> inputs_;
  std::int64_t points_ = 0, in_blocks_ = 0, out_blocks_ = 0, all_tiles_ = 0, group_ = 0;
  std::int64_t input_point_ = 0, gradient_point_ = 0;  // floats from one point to the next
  std::int64_t sums_count_ = 0;
};

}  // namespace

void weight_gradient(const ConvolutionShape& shape, std::span<const GradientSample> samples,
                     std::span<float> gradient) {
  HEPAR_EXPECT(static_cast<std::int64_t>(gradient.size()) ==
                   shape.out_channels * shape.in_channels * voxels_of(shape.kernel),
               "not the shape of the convolution's weight");
  TileSums(shape, training_rules(shape.kernel, shape.stride), samples).run(gradient);
}

}  // namespace hepar::cpu
