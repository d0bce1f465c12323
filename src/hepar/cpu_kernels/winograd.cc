// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/winograd.h"

#include <algorithm>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/scratch.h"
#include "hepar/cpu_kernels/winograd_kernels.h"

namespace hepar::cpu {
namespace {

using Axes = std::array<const AxisRule*, 3>;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// (taps) -> (weights along d, h, w), for one pair of channels; axes of one tap first have the others empty.
class WeightTransform {
 public:
  WeightTransform(const Axes& axes, const Size3& kernel) : axes_(axes), kernel_(kernel) {}
  std::int64_t count() const { return axes_[0]->weights * axes_[1]->weights * axes_[2]->weights; }

  void run(const float* taps, double* out) const {
    constexpr int kMost = AxisRule::kMaxPoints;
    double along_w[3][3][kMost], along_h[3][kMost][kMost];
    for (int d = 0; d < kernel_[0]; ++d)
      for (int h = 0; h < kernel_[1]; ++h)
        for (int w = 0; w < axes_[2]->weights; ++w) {
          const float* row = taps + (d * kernel_[1] + h) * kernel_[2];
          along_w[d][h][w] = sum(2, w, [&](int k) { return row[k]; });
        }
    for (int d = 0; d < kernel_[0]; ++d)
      for (int h = 0; h < axes_[1]->weights; ++h)
        for (int w = 0; w < axes_[2]->weights; ++w)
          along_h[d][h][w] = sum(1, h, [&](int k) { return along_w[d][k][w]; });
    for (int d = 0; d < axes_[0]->weights; ++d)
      for (int h = 0; h < axes_[1]->weights; ++h)
        for (int w = 0; w < axes_[2]->weights; ++w)
          *out++ = sum(0, d, [&](int k) { return along_h[k][h][w]; });
  }

 private:
  template <class Tap>
  double sum(std::size_t axis, int weight, const Tap& tap) const {
    double value = 0;
    for (int k = 0; k < kernel_[axis]; ++k) value += axes_[axis]->weight_rows[weight][k] * tap(k);
    return value;
  }

  Axes axes_;
  Size3 kernel_;
};

// Tiles [first, first + count) of the numbering w fastest, then h, then d.
struct TileSpan {
  std::int64_t first, count;
};

class Winograd : public Convolution {
 public:
  Winograd(const ConvolutionShape& shape, const TileRules& rules, const ConvolutionWeights& weights,
           std::int64_t group)
      : shape_(shape), rules_(rules), lanes_(channel_block()), group_(group), out_(shape.out()) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      HEPAR_EXPECT(fits(rules[axis], shape.kernel[axis], shape.stride[axis]), "no rule for this kernel");
      axes_[axis] = &axis_rule(rules[axis]);
      tiles_[axis] = ceil_div(out_[axis], axes_[axis]->outputs);
    }
    HEPAR_EXPECT(group >= 1, "an empty group of tiles");
    group_ = std::min(group, voxels_of(tiles_));
    points_ = std::int64_t{axes_[0]->points} * axes_[1]->points * axes_[2]->points;
    in_blocks_ = shape.in_channels / lanes_;
    out_blocks_ = shape.out_channels / lanes_;
    // Off from powers of 2, at which the points would compete for the same lines of the cache.
    input_point_ = in_blocks_ * group_ * lanes_ + kCacheLine;
    product_point_ = 2 * group_ * lanes_ + kCacheLine;
    bias_.assign(weights.bias.begin(), weights.bias.end());
    pack(weights.weight);
  }

  std::int64_t plane_step() const override { return axes_[0]->outputs; }

  void run(std::span<const MapsPart> in, float* out, const PlaneRange& planes) const override {
    const std::int64_t step = axes_[0]->outputs, per_plane = tiles_[1] * tiles_[2];
    const std::int64_t first = planes.begin / step * per_plane;
    const std::int64_t count = ceil_div(planes.end, step) * per_plane - first;
    const Job job{in, out, planes};
    const std::int64_t threads = thread_count();
    // Small enough that all threads end at about the same time, but not so small that the weights are read
    // for a few tiles only.
    constexpr std::int64_t kFewTiles = 12;
    const std::int64_t fair = threads == 1 ? group_ : ceil_div(count, 2 * threads);
    const std::int64_t group = fair < kFewTiles ? group_ : std::min(group_, fair);
    const std::int64_t groups = ceil_div(count, group);
    const auto span = [&](std::int64_t g) {
      return TileSpan{first + g * group, std::min(group, count - g * group)};
    };
    if (threads == 1 || fair >= kFewTiles) {
      parallel_for(groups, [&](std::int64_t g) { run_group(job, span(g)); });
    } else {
      for (std::int64_t g = 0; g < groups; ++g) run_group_on_all_threads(job, span(g));
    }
  }

 private:
  static constexpr std::int64_t kCacheLine = 16;  // floats
  // Tiles along w whose inputs are transformed together: overlaps are transformed once, and long rows are
  // read ahead by the processor.
  static constexpr std::int64_t kRun = 16;

  struct Job {
    std::span<const MapsPart> in;
    float* out;
    PlaneRange planes;
  };

  void pack(std::span<const float> weight) {
    const WeightTransform transform(axes_, shape_.kernel);
    const std::int64_t unique = transform.count(), taps = voxels_of(shape_.kernel);
    unique_weights_ = unique;
    const std::int64_t count = out_blocks_ * lanes_ * shape_.in_channels * unique;
    weights_ = make_aligned(count);
    if (weight.empty()) std::fill_n(weights_.get(), count, 0.0f);
    parallel_for(weight.empty() ? 0 : ceil_div(out_blocks_, 2), [&](std::int64_t pair) {
      const std::int64_t width = blocks_of(pair) * lanes_;
      std::vector<double> values(static_cast<std::size_t>(unique));
      for (std::int64_t lane = 0; lane < width; ++lane) {
        const float* source = weight.data() + (pair * 2 * lanes_ + lane) * shape_.in_channels * taps;
        for (std::int64_t i = 0; i < shape_.in_channels; ++i) {
          transform.run(source + i * taps, values.data());
          float* target = pair_weights(pair) + i * width + lane;
          for (std::int64_t n = 0; n < unique; ++n)
            target[n * shape_.in_channels * width] = static_cast<float>(values[static_cast<std::size_t>(n)]);
        }
      }
    });
    for (int d = 0; d < axes_[0]->points; ++d)
      for (int h = 0; h < axes_[1]->points; ++h)
        for (int w = 0; w < axes_[2]->points; ++w)
          weight_of_point_.push_back(
              (axes_[0]->weight_of_point[d] * axes_[1]->weights + axes_[1]->weight_of_point[h]) *
                  axes_[2]->weights +
              axes_[2]->weight_of_point[w]);
  }

  std::int64_t blocks_of(std::int64_t pair) const {
    return std::min<std::int64_t>(2, out_blocks_ - 2 * pair);
  }
  float* pair_weights(std::int64_t pair) const {
    return weights_.get() + pair * 2 * lanes_ * shape_.in_channels * unique_weights_;
  }

  std::int64_t products_count() const { return points_ * product_point_; }

  void run_group(const Job& job, const TileSpan& tiles) const {
    float* inputs = thread_scratch(ScratchSlot::kInputs, points_ * input_point_);
    float* products = thread_scratch(ScratchSlot::kProducts, products_count());
    for (std::int64_t block = 0; block < in_blocks_; ++block)
      transform_tiles(job, tiles, tiles, block, inputs);
    for (std::int64_t pair = 0; 2 * pair < out_blocks_; ++pair) {
      for (std::int64_t point = 0; point < points_; ++point)
        multiply(tiles.count, pair, point, inputs, products);
      for (std::int64_t n = 0; n < tiles.count; ++n) write_tile(job, tiles.first + n, n, pair, products);
    }
  }

  // With few groups: each step of one is spread over the threads.
  void run_group_on_all_threads(const Job& job, const TileSpan& tiles) const {
    float* inputs = thread_scratch(ScratchSlot::kInputs, points_ * input_point_);
    const std::int64_t rows = ceil_div(tiles.count, kRun);
    parallel_for(in_blocks_ * rows, [&](std::int64_t task) {
      const std::int64_t at = task % rows * kRun;
      const TileSpan some{tiles.first + at, std::min(kRun, tiles.count - at)};
      transform_tiles(job, tiles, some, task / rows, inputs);
    });
    const std::int64_t pairs = ceil_div(out_blocks_, 2);
    float* products = thread_scratch(ScratchSlot::kProducts, pairs * products_count());
    parallel_for(pairs * points_, [&](std::int64_t task) {
      const std::int64_t pair = task / points_;
      multiply(tiles.count, pair, task % points_, inputs, products + pair * products_count());
    });
    parallel_for(pairs * tiles.count, [&](std::int64_t task) {
      const std::int64_t pair = task / tiles.count, n = task % tiles.count;
      write_tile(job, tiles.first + n, n, pair, products + pair * products_count());
    });
  }

  Size3 tile_place(std::int64_t tile) const {
    return {tile / (tiles_[1] * tiles_[2]), tile / tiles_[2] % tiles_[1], tile % tiles_[2]};
  }

  // The inputs of `some` of a group's tiles, which lie side by side in memory.
  void transform_tiles(const Job& job, const TileSpan& group, const TileSpan& some, std::int64_t block,
                       float* inputs) const {
    for (std::int64_t done = 0; done < some.count;) {
      const Size3 place = tile_place(some.first + done);
      const std::int64_t count = std::min({some.count - done, kRun, tiles_[2] - place[2]});
      const std::int64_t in_group = some.first + done - group.first;
      transform_row(job, place, count, block, inputs + (block * group_ + in_group) * lanes_);
      done += count;
    }
  }

  // Of the part that holds the block, the block's planes.
  struct BlockPlanes {
    const float* maps;
    std::int64_t first, count;
  };
  BlockPlanes find_block(const Job& job, std::int64_t block) const {
    for (const MapsPart& part : job.in) {
      const std::int64_t blocks = part.channels / lanes_;
      if (block < blocks) {
        const std::int64_t size = part.planes * shape_.in[1] * shape_.in[2] * lanes_;
        return {part.maps + block * size, part.first_plane, part.planes};
      }
      block -= blocks;
    }
    throw Error(ErrorCode::kInternal, "fewer input channels than the convolution's");
  }

  void transform_row(const Job& job, const Size3& place, std::int64_t tiles, std::int64_t block,
                     float* inputs) const {
    const auto& [rule_d, rule_h, rule_w] = axes_;
    const std::int64_t columns = (tiles - 1) * rule_w->input_step + rule_w->points;
    const std::int64_t row = columns * lanes_, plane = rule_h->points * row;
    float* buffer = thread_scratch(ScratchSlot::kTransform, rule_d->points * plane + row);
    float* zeros = buffer + rule_d->points * plane;
    std::fill_n(zeros, row, 0.0f);
    const BlockPlanes maps = find_block(job, block);
    const std::int64_t d0 = place[0] * rule_d->input_step - rule_d->before;
    const std::int64_t h0 = place[1] * rule_h->input_step - rule_h->before;
    const std::int64_t w0 = place[2] * rule_w->input_step - rule_w->before;
    // Columns of the buffer that lie in the map.
    const std::int64_t from = std::max<std::int64_t>(0, -w0), to = std::min(columns, shape_.in[2] - w0);
    const WinogradKernels& kernels = winograd_kernels();
    for (std::int64_t h = 0; h < rule_h->points; ++h) {
      float* target = buffer + h * row;
      const bool inside = h0 + h >= 0 && h0 + h < shape_.in[1] && from < to;
      for (std::int64_t d = 0; d < rule_d->points; ++d) {
        std::fill_n(target + d * plane, (inside ? from : columns) * lanes_, 0.0f);
        if (inside) std::fill_n(target + d * plane + to * lanes_, (columns - to) * lanes_, 0.0f);
      }
      if (!inside) continue;
      const float* planes[AxisRule::kMaxPoints];
      for (std::int64_t d = 0; d < rule_d->points; ++d) {
        const std::int64_t at = d0 + d;
        planes[d] =
            at < 0 || at >= shape_.in[0]
                ? zeros
                : maps.maps +
                      (((at - maps.first) * shape_.in[1] + h0 + h) * shape_.in[2] + w0 + from) * lanes_;
      }
      kernels.transform_d[index(0)]({planes, to - from, target + from * lanes_, plane});
    }
    for (std::int64_t d = 0; d < rule_d->points; ++d) {
      kernels.transform_h[index(1)]({buffer + d * plane, columns});
      for (std::int64_t h = 0; h < rule_h->points; ++h) {
        kernels.transform_w[index(2)]({buffer + d * plane + h * row, tiles,
                                       inputs + (d * rule_h->points + h) * rule_w->points * input_point_,
                                       input_point_});
      }
    }
  }

  std::size_t index(std::size_t axis) const { return static_cast<std::size_t>(rules_[axis]); }

  void multiply(std::int64_t tiles, std::int64_t pair, std::int64_t point, const float* inputs,
                float* products) const {
    const std::int64_t blocks = blocks_of(pair);
    const std::int64_t weight = weight_of_point_[static_cast<std::size_t>(point)];
    winograd_kernels().multiply({inputs + point * input_point_, group_ * lanes_, in_blocks_,
                                 pair_weights(pair) + weight * shape_.in_channels * blocks * lanes_, blocks,
                                 products + point * product_point_, group_ * lanes_, tiles});
  }

  // The outputs of the group's n-th tile for the pair's blocks.
  void write_tile(const Job& job, std::int64_t tile, std::int64_t n, std::int64_t pair,
                  const float* products) const {
    const auto& [rule_d, rule_h, rule_w] = axes_;
    constexpr std::int64_t kMost = 4 * 6 * 6 * 16;
    alignas(64) float along_d[kMost], along_h[kMost];
    const Size3 place = tile_place(tile);
    Size3 first, count;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      first[axis] = place[axis] * axes_[axis]->outputs;
      count[axis] = std::min<std::int64_t>(axes_[axis]->outputs, out_[axis] - first[axis]);
    }
    const std::int64_t points_hw = std::int64_t{rule_h->points} * rule_w->points;
    const WinogradKernels& kernels = winograd_kernels();
    for (std::int64_t b = 0; b < blocks_of(pair); ++b) {
      const std::int64_t block = 2 * pair + b;
      kernels.inverse_d[index(0)]({products + (b * group_ + n) * lanes_, product_point_, points_hw, along_d});
      for (std::int64_t d = 0; d < count[0]; ++d) {
        if (first[0] + d < job.planes.begin || first[0] + d >= job.planes.end) continue;
        kernels.inverse_h[index(1)]({along_d + d * points_hw * lanes_, rule_w->points, along_h});
        float* out =
            job.out + (((block * out_[0] + first[0] + d) * out_[1] + first[1]) * out_[2] + first[2]) * lanes_;
        for (std::int64_t h = 0; h < count[1]; ++h) {
          kernels.inverse_w[index(2)]({along_h + h * rule_w->points * lanes_, bias_.data() + block * lanes_,
                                       out + h * out_[2] * lanes_, count[2]});
        }
      }
    }
  }

  ConvolutionShape shape_;
  TileRules rules_;
  std::int64_t lanes_, group_;
  Size3 out_, tiles_{};
  Axes axes_{};
  std::int64_t points_ = 0, in_blocks_ = 0, out_blocks_ = 0, unique_weights_ = 0;
  std::int64_t input_point_ = 0, product_point_ = 0;  // floats from one point to the next
  AlignedFloats weights_;                             // [pair][weight][input][lane of the pair]
  std::vector<std::int64_t> weight_of_point_;
  std::vector<float> bias_;
};

}  // namespace

bool fits(TileRule rule, std::int64_t kernel, std::int64_t stride) {
  switch (rule) {
    case TileRule::kSingle:
      return kernel == 1 && stride == 1;
    case TileRule::kF2:
    case TileRule::kF4:
      return kernel == 3 && stride == 1;
    case TileRule::kStrided:
      return kernel == 3 && stride == 2;
  }
  return false;
}

std::unique_ptr<Convolution> make_winograd(const ConvolutionShape& shape, const TileRules& rules,
                                           const ConvolutionWeights& weights, std::int64_t group) {
  return std::make_unique<Winograd>(shape, rules, weights, group);
}

}  // namespace hepar::cpu
