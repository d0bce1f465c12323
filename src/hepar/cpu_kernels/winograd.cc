// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/winograd.h"

#include <algorithm>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/scratch.h"
#include "hepar/cpu_kernels/winograd_kernels.h"
#include "hepar/cpu_kernels/winograd_weights.h"

namespace hepar::cpu {
namespace {

// Tiles [first, first + count) of the numbering w fastest, then h, then d.
struct TileSpan {
  std::int64_t first, count;
};

class Winograd : public Convolution {
 public:
  Winograd(const ConvolutionShape& shape, const TileRules& rules, const ConvolutionWeights& weights,
           std::int64_t group)
      : shape_(shape),
        rules_(rules),
        lanes_(channel_block()),
        out_(shape.out()),
        axes_(axes_of(shape, rules)),
        in_blocks_(shape.in_channels / lanes_),
        out_blocks_(shape.out_channels / lanes_),
        bias_(weights.bias.begin(), weights.bias.end()),
        weights_(shape, axes_, weights.weight) {
    HEPAR_EXPECT(static_cast<std::int64_t>(bias_.size()) == shape.out_channels,
                 "biases of another convolution");
    HEPAR_EXPECT(group >= 1, "an empty group of tiles");
    for (std::size_t axis = 0; axis < 3; ++axis) tiles_[axis] = ceil_div(out_[axis], axes_[axis]->outputs);
    group_ = std::min(group, voxels_of(tiles_));
    slices_ = axes_[0]->points * axes_[1]->points;
    // Off from powers of 2, at which the points would compete for the same lines of the cache.
    input_point_ = in_blocks_ * group_ * lanes_ + kCacheLine;
    product_point_ = 2 * group_ * lanes_ + kCacheLine;
    columns_ = axes_[1]->points * axes_[2]->outputs;
    tile_step_ = axes_[0]->points * columns_ * lanes_ + kCacheLine;
  }

  std::int64_t plane_step() const override { return axes_[0]->outputs; }
  bool takes_norm() const override { return true; }
  std::int64_t moment_rows() const override {
    // Small tiles have so many sums that reading the maps once more is as quick.
    constexpr int kFewVoxels = 16;
    const bool large = axes_[0]->outputs * axes_[1]->outputs * axes_[2]->outputs > kFewVoxels;
    return large ? voxels_of(tiles_) : 0;
  }

  void run(std::span<const MapsPart> in, float* out, const PlaneRange& planes,
           double* moments) const override {
    if (planes.begin == planes.end) return;
    check(in, planes, moments != nullptr);
    const std::int64_t step = axes_[0]->outputs, per_plane = tiles_[1] * tiles_[2];
    const std::int64_t first = planes.begin / step * per_plane;
    const std::int64_t count = ceil_div(planes.end, step) * per_plane - first;
    const Job job{in, out, planes, moments};
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
    double* moments;
  };

  static AxisRules axes_of(const ConvolutionShape& shape, const TileRules& rules) {
    AxisRules axes;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      HEPAR_EXPECT(fits(rules[axis], shape.kernel[axis], shape.stride[axis]), "no rule for this kernel");
      axes[axis] = &axis_rule(rules[axis]);
    }
    return axes;
  }

  void check(std::span<const MapsPart> in, const PlaneRange& planes, bool takes_moments) const {
    const std::int64_t step = axes_[0]->outputs, stride = shape_.stride[0], halo = shape_.kernel[0] / 2;
    HEPAR_EXPECT(0 <= planes.begin && planes.begin < planes.end && planes.end <= out_[0],
                 "planes that the output lacks");
    HEPAR_EXPECT(
        !takes_moments || (planes.begin % step == 0 && (planes.end % step == 0 || planes.end == out_[0])),
        "moments of a part of a tile");
    const std::int64_t first = std::max<std::int64_t>(0, planes.begin * stride - halo);
    const std::int64_t end = std::min(shape_.in[0], (planes.end - 1) * stride + halo + 1);
    std::int64_t channels = 0;
    for (const MapsPart& part : in) {
      HEPAR_EXPECT(part.channels % lanes_ == 0, "a part with a broken block");
      HEPAR_EXPECT(part.first_plane <= first && end <= part.first_plane + part.planes,
                   "a part lacks planes that its outputs need");
      channels += part.channels;
    }
    HEPAR_EXPECT(channels == shape_.in_channels, "parts of other channels");
  }

  // Some of a group's tiles side by side in a row, and where their inputs lie after the first two passes:
  // [d][h][column][lane], one channel block after the other.
  struct Run {
    Size3 place;
    std::int64_t first, tiles, columns, offset, size;
  };
  std::vector<Run> runs_of(const TileSpan& group) const {
    std::vector<Run> runs;
    std::int64_t offset = 0;
    for (std::int64_t done = 0; done < group.count;) {
      const Size3 place = tile_place(group.first + done);
      const std::int64_t tiles = std::min({group.count - done, kRun, tiles_[2] - place[2]});
      const std::int64_t columns = (tiles - 1) * axes_[2]->input_step + axes_[2]->points;
      const std::int64_t size = slices_ * columns * lanes_;
      runs.push_back({place, done, tiles, columns, offset, size});
      offset += size * in_blocks_;
      done += tiles;
    }
    return runs;
  }
  static std::int64_t size_of(const std::vector<Run>& runs, std::int64_t in_blocks) {
    return runs.back().offset + runs.back().size * in_blocks;
  }

  void run_group(const Job& job, const TileSpan& group) const {
    const std::vector<Run> runs = runs_of(group);
    float* inputs = thread_scratch(ScratchSlot::kInputs, size_of(runs, in_blocks_));
    float* outputs = thread_scratch(ScratchSlot::kOutputs, out_blocks_ * group_ * tile_step_);
    for (const Run& run : runs)
      for (std::int64_t block = 0; block < in_blocks_; ++block) transform_run(job, run, block, inputs);
    for (std::int64_t slice = 0; slice < slices_; ++slice)
      multiply_slice(group, runs, slice, {0, weights_.pairs()}, inputs, outputs);
    for (std::int64_t n = 0; n < group.count; ++n)
      for (std::int64_t block = 0; block < out_blocks_; ++block)
        write_tile(job, group.first + n, block, outputs + (block * group_ + n) * tile_step_);
  }

  // With few groups: each step of one is spread over the threads.
  void run_group_on_all_threads(const Job& job, const TileSpan& group) const {
    const std::vector<Run> runs = runs_of(group);
    float* inputs = thread_scratch(ScratchSlot::kInputs, size_of(runs, in_blocks_));
    float* outputs = thread_scratch(ScratchSlot::kOutputs, out_blocks_ * group_ * tile_step_);
    const auto run_count = static_cast<std::int64_t>(runs.size());
    parallel_for(run_count * in_blocks_, [&](std::int64_t task) {
      transform_run(job, runs[static_cast<std::size_t>(task % run_count)], task / run_count, inputs);
    });
    // Enough tasks for many threads, but no more, as each transforms its slice of the inputs anew.
    const std::int64_t pairs = weights_.pairs();
    const std::int64_t shares = std::min(pairs, ceil_div(2 * thread_count(), slices_));
    parallel_for(slices_ * shares, [&](std::int64_t task) {
      const std::int64_t share = task % shares;
      const std::int64_t begin = pairs * share / shares, end = pairs * (share + 1) / shares;
      const TileSpan some{begin, end - begin};
      multiply_slice(group, runs, task / shares, some, inputs, outputs);
    });
    parallel_for(out_blocks_ * group.count, [&](std::int64_t task) {
      const std::int64_t block = task / group.count, n = task % group.count;
      write_tile(job, group.first + n, block, outputs + (block * group_ + n) * tile_step_);
    });
  }

  Size3 tile_place(std::int64_t tile) const {
    return {tile / (tiles_[1] * tiles_[2]), tile / tiles_[2] % tiles_[1], tile % tiles_[2]};
  }

  // Of the part that holds the block, the block's planes.
  struct BlockPlanes {
    const float* maps;
    std::int64_t first, count;
    InputNorm norm;  // the block's own factors
  };
  BlockPlanes find_block(const Job& job, std::int64_t block) const {
    for (const MapsPart& part : job.in) {
      const std::int64_t blocks = part.channels / lanes_;
      if (block < blocks) {
        const std::int64_t size = part.planes * shape_.in[1] * shape_.in[2] * lanes_;
        const float* factors =
            part.norm.factors == nullptr ? nullptr : part.norm.factors + block * 3 * lanes_;
        return {part.maps + block * size, part.first_plane, part.planes, {factors, part.norm.slope}};
      }
      block -= blocks;
    }
    throw Error(ErrorCode::kInternal, "fewer input channels than check() found");
  }

  std::int64_t first_input(const Run& run, std::size_t axis) const {
    return run.place[axis] * axes_[axis]->input_step - axes_[axis]->before;
  }

  // The passes along d and h.
  void transform_run(const Job& job, const Run& run, std::int64_t block, float* inputs) const {
    const BlockPlanes maps = find_block(job, block);
    float* buffer = inputs + run.offset + block * run.size;
    for (std::int64_t h = 0; h < axes_[1]->points; ++h) transform_row(maps, run, h, buffer);
    const std::int64_t plane = axes_[1]->points * run.columns * lanes_;
    for (std::int64_t d = 0; d < axes_[0]->points; ++d)
      winograd_kernels().transform_h[index(1)]({buffer + d * plane, run.columns});
  }

  // The pass along d of the run's h-th row of inputs; zero outside of the map.
  void transform_row(const BlockPlanes& maps, const Run& run, std::int64_t h, float* buffer) const {
    const std::int64_t row = run.columns * lanes_, plane = axes_[1]->points * row;
    const std::int64_t d0 = first_input(run, 0), in_h = first_input(run, 1) + h, w0 = first_input(run, 2);
    // Columns that lie in the map.
    const std::int64_t from = std::max<std::int64_t>(0, -w0), to = std::min(run.columns, shape_.in[2] - w0);
    const bool inside = in_h >= 0 && in_h < shape_.in[1] && from < to;
    float* target = buffer + h * row;
    for (std::int64_t d = 0; d < axes_[0]->points; ++d) {
      std::fill_n(target + d * plane, (inside ? from : run.columns) * lanes_, 0.0f);
      if (inside) std::fill_n(target + d * plane + to * lanes_, (run.columns - to) * lanes_, 0.0f);
    }
    if (!inside) return;
    const float* planes[AxisRule::kMaxPoints];
    for (std::int64_t d = 0; d < axes_[0]->points; ++d) {
      const std::int64_t at = d0 + d - maps.first;
      planes[d] = at < 0 || at >= maps.count
                      ? nullptr
                      : maps.maps + ((at * shape_.in[1] + in_h) * shape_.in[2] + w0 + from) * lanes_;
    }
    winograd_kernels().transform_d[index(0)](
        {planes, to - from, target + from * lanes_, plane, maps.norm.factors, maps.norm.slope});
  }

  // The passes along w, there and back, with the products between, at one point along d and h, for some
  // pairs of output blocks.
  void multiply_slice(const TileSpan& group, const std::vector<Run>& runs, std::int64_t slice,
                      const TileSpan& some_pairs, const float* inputs, float* outputs) const {
    const AxisRule& rule = *axes_[2];
    const WinogradKernels& kernels = winograd_kernels();
    float* points = thread_scratch(ScratchSlot::kTransform, rule.points * input_point_);
    float* products = thread_scratch(ScratchSlot::kProducts, rule.points * product_point_);
    for (const Run& run : runs) {
      const float* row = inputs + run.offset + slice * run.columns * lanes_;
      for (std::int64_t block = 0; block < in_blocks_; ++block) {
        kernels.transform_w[index(2)]({row + block * run.size, run.tiles,
                                       points + (block * group_ + run.first) * lanes_, input_point_});
      }
    }
    for (std::int64_t n = 0; n < some_pairs.count; ++n) {
      const std::int64_t pair = some_pairs.first + n, blocks = weights_.blocks_of(pair);
      for (std::int64_t point = 0; point < rule.points; ++point) {
        kernels.multiply({points + point * input_point_, group_ * lanes_, in_blocks_,
                          weights_.at(pair, slice * rule.points + point), blocks,
                          products + point * product_point_, group_ * lanes_, group.count});
      }
      for (std::int64_t b = 0; b < blocks; ++b) {
        kernels.inverse_w[index(2)](
            {products + b * group_ * lanes_, product_point_, group.count,
             outputs + (2 * pair + b) * group_ * tile_step_ + slice * rule.outputs * lanes_, tile_step_});
      }
    }
  }

  std::size_t index(std::size_t axis) const { return static_cast<std::size_t>(rules_[axis]); }

  // The passes back along d and h, of one tile and channel block.
  void write_tile(const Job& job, std::int64_t tile, std::int64_t block, const float* points) const {
    constexpr std::int64_t kMost = 4 * 6 * 4 * 16;  // outputs d, points h, outputs w, lanes
    alignas(64) float along_d[kMost], moments[3 * 16] = {};
    const Size3 place = tile_place(tile);
    Size3 first, count;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      first[axis] = place[axis] * axes_[axis]->outputs;
      count[axis] = std::min<std::int64_t>(axes_[axis]->outputs, out_[axis] - first[axis]);
    }
    const WinogradKernels& kernels = winograd_kernels();
    kernels.inverse_d[index(0)]({points, columns_, along_d});
    for (std::int64_t n = 0; n < count[0]; ++n) {
      const std::int64_t d = first[0] + n;
      if (d < job.planes.begin || d >= job.planes.end) continue;
      float* out = job.out + (((block * out_[0] + d) * out_[1] + first[1]) * out_[2] + first[2]) * lanes_;
      kernels.inverse_h[index(1)]({along_d + n * columns_ * lanes_, axes_[2]->outputs,
                                   bias_.data() + block * lanes_, out, out_[2] * lanes_, count[1], count[2],
                                   n == 0, moments});
    }
    if (job.moments == nullptr) return;
    add_up(moments, voxels_of(count), job.moments + (tile * out_blocks_ + block) * 2 * lanes_);
  }

  // A tile's sums in float32 are those of what is above one of its values, so that nothing is lost where the
  // values are large beside their spread.
  void add_up(const float* moments, std::int64_t voxels, double* sums) const {
    const auto count = static_cast<double>(voxels);
    for (std::int64_t lane = 0; lane < lanes_; ++lane) {
      const double pivot = moments[lane], above = moments[lanes_ + lane];
      sums[lane] = count * pivot + above;
      sums[lanes_ + lane] = moments[2 * lanes_ + lane] + pivot * (2 * above + count * pivot);
    }
  }

  ConvolutionShape shape_;
  TileRules rules_;
  std::int64_t lanes_, group_ = 0;
  Size3 out_, tiles_{};
  AxisRules axes_;
  std::int64_t in_blocks_, out_blocks_;
  std::int64_t slices_ = 0;                           // points along d times points along h
  std::int64_t columns_ = 0;                          // points along h times outputs along w
  std::int64_t input_point_ = 0, product_point_ = 0;  // floats from one point to the next
  std::int64_t tile_step_ = 0;                        // floats from one tile's outputs to the next
  std::vector<float> bias_;
  WinogradWeights weights_;
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
