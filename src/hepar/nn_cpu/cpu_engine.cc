// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/cpu_engine.h"

#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "hepar/core/parallel.h"
#include "hepar/cpu_kernels/blocked_kernels.h"
#include "hepar/nn/model_folder.h"
#include "hepar/nn_cpu/layers.h"

namespace hepar {

class CpuWorkspace {
 public:
  std::mutex& mutex() { return mutex_; }
  // At least `count` floats; what was there before is lost when they have to grow.
  float* reserve(std::int64_t count) {
    if (count_ < count) {
      count_ = 0;
      values_.reset();  // first, so that two never need memory together
      values_ = cpu::make_aligned(count);
      count_ = count;
    }
    return values_.get();
  }

 private:
  std::mutex mutex_;
  cpu::AlignedFloats values_;
  std::int64_t count_ = 0;
};

namespace {
using cpu::padded;
using cpu::Size3;

constexpr Kernel3 kOne{1, 1, 1};

// Where maps lie in the workspace, in floats from its beginning; or the tensor that the caller gave.
using Place = std::int64_t;
constexpr Place kInput = -1;

struct Memory {
  float* work;
  const float* input;
  float* logits;
  float* out(Place place) const { return work + place; }
  const float* in(Place place) const { return place == kInput ? input : work + place; }
};

// All that is made for one input shape and thread count.
//
// Buffers: level l (full resolution first) has one of 2 F_l channels, whose second half is the skip
// connection and whose first half takes the upsampled maps, so that nothing is copied to concatenate. One
// scratch buffer is as large as the largest half. A plain encoder's blocks alternate between the two halves,
// the decoder's between the first half and the scratch. A residual block keeps its input or its skip in the
// second half; conv1 fills the scratch, conv2 the first half, and their sum goes to the second half.
class Plan {
 public:
  Plan(const NetworkSpec& spec, const Weights& weights, const TensorShape& shape)
      : spec_(spec), weights_(weights), block_(cpu::blocked_kernels().block) {
    place_buffers({shape.d, shape.h, shape.w});
    const bool residual = spec.network_class == NetworkClass::kResidualEncoderUNet;
    Place maps = add_input(shape.voxels());
    if (residual) maps = add_stem(maps);
    for (std::size_t level = 0; level < sizes_.size(); ++level) {
      maps = residual ? add_residual_stage(level, maps) : add_encoder_stage(level, maps);
    }
    for (std::size_t level = sizes_.size() - 1; level-- > 0;) maps = add_decoder_stage(level, maps);
    const std::string head_name = fmt::format("decoder.seg_layers.{}", sizes_.size() - 2);
    auto head = cpu::make_head(sizes_[0], weight(head_name + ".weight"), weight(head_name + ".bias"));
    steps_.push_back([head, maps](const Memory& memory) { head(memory.in(maps), memory.logits); });
  }

  std::int64_t work_count() const { return work_count_; }

  void run(const Memory& memory) const {
    for (const auto& step : steps_) step(memory);
  }

 private:
  const NamedTensor& weight(const std::string& name) const { return weights_.at(name); }
  cpu::Affine norm(const std::string& name) const {
    return {weight(name + ".norm.weight"), weight(name + ".norm.bias")};
  }
  std::int64_t channels(std::size_t level) const { return padded(spec_.features_per_stage[level], block_); }
  std::int64_t values(std::size_t level) const { return channels(level) * cpu::voxels_of(sizes_[level]); }
  // oneDNN reads up to three channels as they are (its kernels for the first layer).
  bool input_is_plain() const { return spec_.input_channels <= 3; }

  Place allocate(std::int64_t count) {
    constexpr std::int64_t kCacheLine = 16;  // floats
    const Place place = work_count_;
    work_count_ += padded(count, kCacheLine);
    return place;
  }

  void place_buffers(Size3 size) {
    std::int64_t scratch = 0;
    for (std::size_t level = 0; level < spec_.strides.size(); ++level) {
      for (std::size_t axis = 0; axis < 3; ++axis) size[axis] /= spec_.strides[level][axis];
      sizes_.push_back(size);
      levels_.push_back(allocate(2 * values(level)));
      scratch = std::max(scratch, values(level));
    }
    scratch_ = allocate(scratch);
  }
  Place first_half(std::size_t level) const { return levels_[level]; }
  Place second_half(std::size_t level) const { return levels_[level] + values(level); }

  Place add_input(std::int64_t voxels) {
    if (input_is_plain()) return kInput;
    const std::int64_t channels = spec_.input_channels;
    const Place blocked = allocate(padded(channels, block_) * voxels);
    steps_.push_back([channels, voxels, blocked](const Memory& memory) {
      const auto count = static_cast<std::size_t>(channels * voxels);
      cpu::block_channels({memory.input, count}, channels, memory.out(blocked));
    });
    return blocked;
  }

  struct Block {
    std::string name;  // ends before ".conv" and ".norm"
    cpu::InputParts inputs;
    Size3 in;
    Kernel3 kernel, stride;
    std::size_t level;  // of the output
  };

  Block block_at(std::size_t level, const std::string& name = "") const {
    return {name, {{spec_.features_per_stage[level]}, block_}, sizes_[level], spec_.kernel_sizes[level], kOne,
            level};
  }
  // The first one of an encoder's stage.
  Block first_block(std::size_t level, const std::string& name = "") const {
    Block block = block_at(level, name);
    block.stride = spec_.strides[level];
    if (level == 0) {
      block.inputs = {{spec_.input_channels}, input_is_plain() ? 1 : block_};
    } else {
      block.inputs.channels = {spec_.features_per_stage[level - 1]};
      block.in = sizes_[level - 1];
    }
    return block;
  }

  cpu::NormShape norm_shape(std::size_t level) const {
    return {cpu::voxels_of(sizes_[level]), spec_.norm_eps, spec_.leaky_slope};
  }

  void add_convolution(const Block& block, Place in, Place out) {
    const cpu::LayerShape shape{block.inputs.padded_count(),
                                channels(block.level),
                                block.inputs.block,
                                block_,
                                block.in,
                                block.kernel,
                                block.stride};
    auto convolution = cpu::make_convolution(
        shape, cpu::spread_convolution(weight(block.name + ".conv.weight"), weight(block.name + ".conv.bias"),
                                       block.inputs, block_));
    steps_.push_back(
        [convolution, in, out](const Memory& memory) { convolution(memory.in(in), memory.out(out)); });
  }

  // Convolution, norm and activation.
  void add_block(const Block& block, Place in, Place out) {
    add_convolution(block, in, out);
    steps_.push_back([norm = cpu::make_norm(norm_shape(block.level), norm(block.name)),
                      out](const Memory& memory) { norm(memory.out(out)); });
  }

  Place add_encoder_stage(std::size_t level, Place maps) {
    const std::int64_t blocks = spec_.conv_per_stage[level];
    for (std::int64_t j = 0; j < blocks; ++j) {
      const std::string name = fmt::format("encoder.stages.{}.0.convs.{}", level, j);
      const Place out = (blocks - 1 - j) % 2 == 0 ? second_half(level) : first_half(level);
      add_block(j == 0 ? first_block(level, name) : block_at(level, name), maps, out);
      maps = out;
    }
    return maps;
  }

  Place add_stem(Place maps) {
    add_block(first_block(0, "encoder.stem.convs.0"), maps, second_half(0));
    return second_half(0);
  }

  Place add_residual_stage(std::size_t level, Place maps) {
    for (std::int64_t b = 0; b < spec_.conv_per_stage[level]; ++b) {
      const std::string name = fmt::format("encoder.stages.{}.blocks.{}", level, b);
      // The stem's maps are as those between blocks.
      add_residual_block(b == 0 && level > 0 ? first_block(level, name) : block_at(level, name), maps);
      maps = second_half(level);
    }
    return maps;
  }

  // `block.name` ends before ".conv1".
  void add_residual_block(const Block& block, Place maps) {
    const std::size_t level = block.level;
    const bool strided = block.stride != kOne;
    const std::string projection = block.name + (strided ? ".skip.1" : ".skip.0");
    const bool projected = weights_.contains(projection + ".conv.weight");
    const Place out = second_half(level);
    Place skip = maps;
    if (strided) {
      skip = projected ? scratch_ : out;
      auto pooling = cpu::make_average_pooling(block.in, block.inputs.channels[0], block.stride);
      steps_.push_back(
          [pooling, maps, skip](const Memory& memory) { pooling(memory.in(maps), memory.out(skip)); });
    }
    if (projected) {
      add_convolution({projection, block.inputs, sizes_[level], kOne, kOne, level}, skip, out);
      skip = out;
    }
    Block convolution = block;
    convolution.name = block.name + ".conv1";
    add_block(convolution, maps, scratch_);
    const std::string second = block.name + ".conv2";
    add_convolution(block_at(level, second), scratch_, first_half(level));
    std::optional<cpu::Affine> skip_norm;
    if (projected) skip_norm.emplace(norm(projection));
    const auto join = cpu::make_residual_join(norm_shape(level), norm(second), skip_norm);
    steps_.push_back([join, sum = first_half(level), skip, out](const Memory& memory) {
      join(memory.in(sum), memory.in(skip), memory.out(out));
    });
  }

  Place add_decoder_stage(std::size_t level, Place maps) {
    const std::size_t s = sizes_.size() - 2 - level;
    const std::string up = fmt::format("decoder.transpconvs.{}", s);
    auto upsampling = cpu::make_upsampling(sizes_[level + 1], weight(up + ".weight"), weight(up + ".bias"));
    steps_.push_back([upsampling, maps, out = first_half(level)](const Memory& memory) {
      upsampling(memory.in(maps), memory.out(out));
    });
    maps = first_half(level);
    for (std::int64_t j = 0; j < spec_.conv_per_stage_decoder[s]; ++j) {
      Block block = block_at(level, fmt::format("decoder.stages.{}.convs.{}", s, j));
      const std::int64_t features = spec_.features_per_stage[level];
      if (j == 0) block.inputs.channels = {features, features};
      const Place out = j % 2 == 0 ? scratch_ : first_half(level);
      add_block(block, maps, out);
      maps = out;
    }
    return maps;
  }

  const NetworkSpec& spec_;
  const Weights& weights_;
  std::int64_t block_, work_count_ = 0;
  std::vector<Size3> sizes_;
  std::vector<Place> levels_;
  Place scratch_ = 0;
  std::vector<std::function<void(const Memory&)>> steps_;
};

class PlannedEngine : public CpuEngine {
 public:
  PlannedEngine(const NetworkSpec& spec, Weights weights, std::shared_ptr<CpuWorkspace> workspace)
      : spec_(spec), weights_(std::move(weights)), workspace_(std::move(workspace)) {
    check_weights(spec_, weights_);
    add_zero_biases(spec_, weights_);
  }

  Tensor run(const Tensor& input) override {
    check_input(spec_, input.shape);
    prepare(input.shape);
    TensorShape shape = input.shape;
    shape.c = spec_.heads;
    Tensor logits(shape);
    const std::lock_guard lock(workspace_->mutex());
    float* work = workspace_->reserve(plan_->work_count());
    for (std::int64_t n = 0; n < shape.n; ++n) {
      plan_->run({work, input.values.data() + n * input.shape.c * shape.voxels(),
                  logits.values.data() + n * shape.c * shape.voxels()});
    }
    return logits;
  }

  std::vector<LayerProfile> profile(const Tensor& input) override {
    run(input);
    return {};
  }

 private:
  void prepare(TensorShape shape) {
    shape.n = 1;
    // OpenMP keeps this number per calling thread, and oneDNN plans for the number it finds.
    omp_set_num_threads(thread_count());
    if (plan_ && shape == planned_shape_ && planned_threads_ == thread_count()) return;
    plan_.reset();  // first, so that two plans never need memory together
    plan_ = std::make_unique<Plan>(spec_, weights_, shape);
    planned_shape_ = shape;
    planned_threads_ = thread_count();
  }

  NetworkSpec spec_;
  Weights weights_;
  std::shared_ptr<CpuWorkspace> workspace_;
  std::unique_ptr<Plan> plan_;
  TensorShape planned_shape_;
  int planned_threads_ = 0;
};

}  // namespace

std::shared_ptr<CpuWorkspace> make_cpu_workspace() { return std::make_shared<CpuWorkspace>(); }

std::unique_ptr<CpuEngine> make_cpu_engine(const NetworkSpec& spec, Weights weights,
                                           CpuEngineOptions options) {
  if (!options.workspace) options.workspace = make_cpu_workspace();
  return std::make_unique<PlannedEngine>(spec, std::move(weights), std::move(options.workspace));
}

}  // namespace hepar
