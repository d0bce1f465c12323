// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/cpu_engine.h"

#include <fmt/format.h>
#include <omp.h>

#include "hepar/core/parallel.h"
#include "hepar/nn/model_folder.h"
#include "hepar/nn_cpu/blocked_kernels.h"
#include "hepar/nn_cpu/layers.h"

namespace hepar {
namespace {
using cpu::AlignedFloats;
using cpu::padded;
using cpu::Size3;

// All that is made for one input shape and thread count.
//
// Buffers: level l (full resolution first) has one of 2 F_l channels, whose second half is the skip
// connection and whose first half takes the upsampled maps, so that nothing is copied to concatenate. The
// encoder's blocks alternate between the two halves, the decoder's between the first half and one scratch
// buffer that all levels share.
class Plan {
 public:
  Plan(const NetworkSpec& spec, const Weights& weights, const TensorShape& shape)
      : spec_(spec), weights_(weights), block_(cpu::blocked_kernels().block), voxels_(shape.voxels()) {
    make_buffers({shape.d, shape.h, shape.w});
    const float* maps = add_input();
    for (std::size_t level = 0; level < sizes_.size(); ++level) maps = add_encoder_stage(level, maps);
    for (std::size_t level = sizes_.size() - 1; level-- > 0;) maps = add_decoder_stage(level, maps);
    auto head = cpu::make_head(sizes_[0], weight(head_name() + ".weight"), weight(head_name() + ".bias"));
    steps_.push_back([this, head, maps] { head(maps, logits_); });
  }

  void run(const float* input, float* logits) {
    input_ = input;
    logits_ = logits;
    for (const auto& step : steps_) step();
  }

 private:
  const NamedTensor& weight(const std::string& name) const { return weights_.at(name); }
  std::string head_name() const { return fmt::format("decoder.seg_layers.{}", sizes_.size() - 2); }
  std::int64_t channels(std::size_t level) const { return padded(spec_.features_per_stage[level], block_); }
  std::int64_t values(std::size_t level) const { return channels(level) * cpu::voxels_of(sizes_[level]); }
  // oneDNN reads up to three channels as they are (its kernels for the first layer).
  bool input_is_plain() const { return spec_.input_channels <= 3; }

  void make_buffers(Size3 size) {
    std::int64_t scratch = 0;
    for (std::size_t level = 0; level < spec_.strides.size(); ++level) {
      for (std::size_t axis = 0; axis < 3; ++axis) size[axis] /= spec_.strides[level][axis];
      sizes_.push_back(size);
      levels_.push_back(cpu::make_aligned(2 * values(level)));
      scratch = std::max(scratch, values(level));
    }
    scratch_ = cpu::make_aligned(scratch);
  }
  float* first_half(std::size_t level) const { return levels_[level].get(); }
  float* second_half(std::size_t level) const { return levels_[level].get() + values(level); }

  // nullptr stands for the input tensor, which is another one in every run.
  const float* add_input() {
    if (input_is_plain()) return nullptr;
    blocked_input_ = cpu::make_aligned(padded(spec_.input_channels, block_) * voxels_);
    const auto count = static_cast<std::size_t>(spec_.input_channels * voxels_);
    steps_.push_back([this, count] {
      cpu::block_channels({input_, count}, spec_.input_channels, blocked_input_.get());
    });
    return blocked_input_.get();
  }

  struct Block {
    std::string name;  // ends before ".conv" and ".norm"
    cpu::InputParts inputs;
    Size3 in;
    Kernel3 stride;
    std::size_t level;  // of the output
  };

  // Convolution, norm and activation.
  void add_block(const Block& block, const float* in, float* out) {
    const cpu::ConvolutionShape shape{
        block.inputs.padded_count(),     channels(block.level), block.inputs.block, block_, block.in,
        spec_.kernel_sizes[block.level], block.stride};
    auto convolution = cpu::make_convolution(
        shape, cpu::spread_convolution(weight(block.name + ".conv.weight"), weight(block.name + ".conv.bias"),
                                       block.inputs, block_));
    auto norm = cpu::make_norm({cpu::voxels_of(shape.out()), spec_.norm_eps, spec_.leaky_slope},
                               weight(block.name + ".norm.weight"), weight(block.name + ".norm.bias"));
    steps_.push_back([this, convolution, norm, in, out] {
      convolution(in != nullptr ? in : input_, out);
      norm(out);
    });
  }

  const float* add_encoder_stage(std::size_t level, const float* maps) {
    const std::int64_t features = spec_.features_per_stage[level], blocks = spec_.conv_per_stage[level];
    Block block{
        "", {{spec_.input_channels}, input_is_plain() ? 1 : block_}, sizes_[0], spec_.strides[level], level};
    if (level > 0) {
      block.inputs = {{spec_.features_per_stage[level - 1]}, block_};
      block.in = sizes_[level - 1];
    }
    for (std::int64_t j = 0; j < blocks; ++j) {
      block.name = fmt::format("encoder.stages.{}.0.convs.{}", level, j);
      float* out = (blocks - 1 - j) % 2 == 0 ? second_half(level) : first_half(level);
      add_block(block, maps, out);
      maps = out;
      block.inputs = {{features}, block_};
      block.in = sizes_[level];
      block.stride = {1, 1, 1};
    }
    return maps;
  }

  const float* add_decoder_stage(std::size_t level, const float* maps) {
    const std::size_t s = sizes_.size() - 2 - level;
    const std::int64_t features = spec_.features_per_stage[level];
    const std::string up = fmt::format("decoder.transpconvs.{}", s);
    auto upsampling = cpu::make_upsampling(sizes_[level + 1], weight(up + ".weight"), weight(up + ".bias"));
    steps_.push_back([upsampling, maps, out = first_half(level)] { upsampling(maps, out); });
    maps = first_half(level);
    Block block{"", {{features, features}, block_}, sizes_[level], {1, 1, 1}, level};
    for (std::int64_t j = 0; j < spec_.conv_per_stage_decoder[s]; ++j) {
      block.name = fmt::format("decoder.stages.{}.convs.{}", s, j);
      float* out = j % 2 == 0 ? scratch_.get() : first_half(level);
      add_block(block, maps, out);
      maps = out;
      block.inputs = {{features}, block_};
    }
    return maps;
  }

  const NetworkSpec& spec_;
  const Weights& weights_;
  std::int64_t block_, voxels_;
  std::vector<Size3> sizes_;
  std::vector<AlignedFloats> levels_;
  AlignedFloats scratch_, blocked_input_;
  std::vector<std::function<void()>> steps_;
  const float* input_ = nullptr;
  float* logits_ = nullptr;
};

class CpuEngine : public Engine {
 public:
  CpuEngine(const NetworkSpec& spec, Weights weights) : spec_(spec), weights_(std::move(weights)) {
    check_weights(spec_, weights_);
  }

  Tensor run(const Tensor& input) override {
    check_input(spec_, input.shape);
    prepare(input.shape);
    TensorShape shape = input.shape;
    shape.c = spec_.heads;
    Tensor logits(shape);
    for (std::int64_t n = 0; n < shape.n; ++n) {
      plan_->run(input.values.data() + n * input.shape.c * shape.voxels(),
                 logits.values.data() + n * shape.c * shape.voxels());
    }
    return logits;
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
  std::unique_ptr<Plan> plan_;
  TensorShape planned_shape_;
  int planned_threads_ = 0;
};

}  // namespace

std::unique_ptr<Engine> make_cpu_engine(const NetworkSpec& spec, Weights weights) {
  return std::make_unique<CpuEngine>(spec, std::move(weights));
}

}  // namespace hepar
