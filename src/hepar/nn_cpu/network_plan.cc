// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/network_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "hepar/cpu_kernels/average_pooling.h"
#include "hepar/cpu_kernels/direct_convolution.h"
#include "hepar/cpu_kernels/head.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/upsampling.h"
#include "hepar/nn_cpu/algorithm_choice.h"
#include "hepar/nn_cpu/instance_norm.h"
#include "hepar/nn_cpu/onednn_convolution.h"
#include "hepar/nn_cpu/spread_convolution.h"

namespace hepar::cpu {
namespace {

constexpr Kernel3 kOne{1, 1, 1};

// Upsampled maps are made in slabs of about this size, which stays in the cache next to a core.
constexpr std::int64_t kSlabFloats = std::int64_t{6} << 20;

// The network's own multiply-adds, two operations each, in units of 10^9.
double gflop_of(const NamedTensor& weight, std::int64_t places) {
  double product = 2e-9 * static_cast<double>(places);
  for (const auto size : weight.shape) product *= static_cast<double>(size);
  return product;
}

}  // namespace

// Walks through the network as NetworkSpec describes it.
class PlanBuilder {
 public:
  PlanBuilder(NetworkPlan& plan, const NetworkSpec& spec, const Weights& weights,
              const CpuEngineOptions& options)
      : plan_(plan), spec_(spec), weights_(weights), options_(options), block_(channel_block()) {}

  void build(Size3 size) {
    for (const Kernel3& stride : spec_.strides) {
      for (std::size_t axis = 0; axis < 3; ++axis) size[axis] /= stride[axis];
      sizes_.push_back(size);
    }
    Maps maps = add_input();
    const bool residual = spec_.network_class == NetworkClass::kResidualEncoderUNet;
    if (residual) maps = add_block(first_block(0, "encoder.stem.convs.0"), maps, add_maps(0));
    for (std::size_t level = 0; level < sizes_.size(); ++level) {
      maps = residual ? add_residual_stage(level, maps) : add_encoder_stage(level, maps);
      skips_.push_back(maps);
    }
    for (std::size_t level = sizes_.size() - 1; level-- > 0;) maps = add_decoder_stage(level, maps);
    add_head(maps);
    plan_.arena_.place();
  }

 private:
  // A norm whose factors are known, but which the maps have not gone through yet: convolutions that can take
  // it with their inputs do, which saves a pass over memory.
  struct PendingNorm {
    std::shared_ptr<const InstanceNorm> norm;
    MapArena::Map factors;
    bool applied = false;
  };

  // Feature maps: the network's input as the caller gave it, or some of the arena's.
  struct Maps {
    std::optional<MapArena::Map> map;
    std::int64_t offset = 0;  // floats
    std::shared_ptr<PendingNorm> norm = nullptr;
  };

  struct Block {
    std::string name;                    // ends before ".conv" and ".norm"
    std::vector<std::int64_t> channels;  // of each part of the input
    Size3 in;
    Kernel3 kernel, stride;
    std::size_t level;  // of the output
  };

  bool compares_onednn() const { return options_.algorithms == CpuAlgorithms::kOneDnn; }
  const NamedTensor& weight(const std::string& name) const { return weights_.at(name); }
  Affine norm(const std::string& name) const {
    return {weight(name + ".norm.weight"), weight(name + ".norm.bias")};
  }
  std::int64_t channels(std::size_t level) const { return padded(spec_.features_per_stage[level], block_); }
  std::int64_t values(std::size_t level) const { return channels(level) * voxels_of(sizes_[level]); }
  NormShape norm_shape(std::size_t level) const {
    return {voxels_of(sizes_[level]), spec_.norm_eps, spec_.leaky_slope};
  }

  Maps add_maps(std::size_t level) { return {plan_.arena_.add(values(level)), 0}; }

  // Appends a step that needs these maps.
  void add_step(std::string name, std::string algorithm, double gflop, std::initializer_list<Maps> needed,
                std::function<void(const RunMemory&)> run) {
    for (const Maps& maps : needed) {
      if (maps.map) plan_.arena_.use(*maps.map, plan_.steps_.size());
      if (is_pending(maps)) plan_.arena_.use(maps.norm->factors, plan_.steps_.size());
    }
    plan_.steps_.push_back({std::move(name), std::move(algorithm), gflop, std::move(run)});
  }

  // Where maps lie in a run. The arena knows it once the plan is whole.
  auto reader(const Maps& maps) const {
    return [arena = &plan_.arena_, maps](const RunMemory& memory) -> const float* {
      return maps.map ? memory.work + arena->offset(*maps.map) + maps.offset : memory.input;
    };
  }
  auto writer(const Maps& maps) const {
    return [arena = &plan_.arena_, maps](const RunMemory& memory) {
      return memory.work + arena->offset(*maps.map) + maps.offset;
    };
  }

  // A few channels are convolved as they are.
  bool input_is_plain() const { return spec_.input_channels <= (compares_onednn() ? 3 : 7); }

  Maps add_input() {
    if (input_is_plain()) return {};
    const std::int64_t count = spec_.input_channels, voxels = voxels_of(sizes_[0]);
    const Maps blocked{plan_.arena_.add(padded(count, block_) * voxels), 0};
    add_step("input", "blocks", 0, {blocked}, [=, out = writer(blocked)](const RunMemory& memory) {
      block_channels({memory.input, static_cast<std::size_t>(count * voxels)}, count, out(memory));
    });
    return blocked;
  }

  Block block_at(std::size_t level, const std::string& name) const {
    return {name, {spec_.features_per_stage[level]}, sizes_[level], spec_.kernel_sizes[level], kOne, level};
  }
  // The first one of an encoder's stage.
  Block first_block(std::size_t level, const std::string& name) const {
    Block block = block_at(level, name);
    block.stride = spec_.strides[level];
    block.channels = {level == 0 ? spec_.input_channels : spec_.features_per_stage[level - 1]};
    if (level > 0) block.in = sizes_[level - 1];
    return block;
  }

  struct Made {
    std::shared_ptr<const Convolution> convolution;
    ConvolutionShape shape;
    std::string algorithm;
  };
  Made make(const Block& block, bool plain) const {
    const InputParts parts{block.channels, plain ? 1 : block_};
    const SpreadLayer layer = spread_convolution(weight(block.name + ".conv.weight"),
                                                 weight(block.name + ".conv.bias"), parts, block_);
    const ConvolutionWeights weights{layer.weight, layer.bias};
    Made made{{}, {parts.padded_count(), channels(block.level), block.in, block.kernel, block.stride}, {}};
    if (compares_onednn()) made.convolution = make_onednn_convolution(made.shape, weights, plain);
    if (made.convolution) {
      made.algorithm = "onednn";
    } else if (plain || compares_onednn()) {
      made.convolution = (plain ? make_first : make_direct)(made.shape, weights);
      made.algorithm = "direct";
    } else {
      const Algorithm algorithm = choose_algorithm(made.shape, options_.algorithms, options_.tuning_file);
      made.convolution = cpu::make_convolution(made.shape, algorithm, weights);
      made.algorithm = algorithm.name();
    }
    return made;
  }

  static bool is_pending(const Maps& maps) { return maps.norm && !maps.norm->applied; }

  // The norm that maps are still to go through.
  auto norm_reader(const Maps& maps) const {
    const MapArena* arena = &plan_.arena_;
    return [arena, norm = is_pending(maps) ? maps.norm : nullptr](const RunMemory& memory) -> InputNorm {
      if (!norm) return {};
      return {memory.work + arena->offset(norm->factors), norm->norm->slope()};
    };
  }

  // Has the maps go through what is pending.
  void apply_norm(const Maps& maps) {
    if (!is_pending(maps)) return;
    add_step("norm", "norm", 0, {maps},
             [norm = maps.norm->norm, factors = norm_reader(maps), maps = writer(maps)](
                 const RunMemory& memory) { norm->apply(factors(memory).factors, maps(memory)); });
    maps.norm->applied = true;
  }

  // A step's maps and moments that a convolution writes.
  struct Outputs {
    Maps maps, moments;  // the latter without a map where none are taken
    std::int64_t rows = 0;
  };
  Outputs outputs_of(const Made& made, const Maps& maps) {
    const std::int64_t rows = made.convolution->moment_rows();
    if (rows == 0) return {maps, {}, 0};
    return {maps, {plan_.arena_.add(2 * rows * 2 * made.shape.out_channels), 0}, rows};
  }
  auto moments_writer(const Outputs& outputs) const {
    return [write = writer(outputs.moments), taken = outputs.rows > 0](const RunMemory& memory) -> double* {
      return taken ? reinterpret_cast<double*>(write(memory)) : nullptr;  // places are cache lines
    };
  }

  Outputs add_convolution(const Block& block, const Maps& in, const Maps& out) {
    const Made made = make(block, !in.map);
    if (!made.convolution->takes_norm()) apply_norm(in);
    const Outputs outputs = outputs_of(made, out);
    const MapsPart part{nullptr, made.shape.in_channels, 0, made.shape.in[0]};
    const PlaneRange planes{0, made.shape.out()[0]};
    add_step(block.name + ".conv", made.algorithm,
             gflop_of(weight(block.name + ".conv.weight"), voxels_of(made.shape.out())),
             {in, out, outputs.moments},
             [=, convolution = made.convolution, in = reader(in), norm = norm_reader(in), out = writer(out),
              moments = moments_writer(outputs)](const RunMemory& memory) {
               MapsPart maps = part;
               maps.maps = in(memory);
               maps.norm = norm(memory);
               convolution->run({&maps, 1}, out(memory), planes, moments(memory));
             });
    return outputs;
  }

  // The factors of a convolution's norm, named as in `name` + ".norm".
  std::shared_ptr<PendingNorm> add_factors(const std::string& name, std::size_t level,
                                           const Outputs& outputs) {
    const auto norm_layer = std::make_shared<const InstanceNorm>(norm_shape(level), norm(name));
    const Maps factors{plan_.arena_.add(norm_layer->factor_count()), 0};
    add_step(name + ".norm", "norm", 0, {outputs.maps, outputs.moments, factors},
             [norm_layer, rows = outputs.rows, maps = writer(outputs.maps), moments = moments_writer(outputs),
              factors = writer(factors)](const RunMemory& memory) {
               if (rows > 0)
                 norm_layer->find_factors_from_moments(moments(memory), rows, factors(memory));
               else
                 norm_layer->find_factors(maps(memory), factors(memory));
             });
    return std::make_shared<PendingNorm>(PendingNorm{norm_layer, *factors.map});
  }

  // Convolution, norm and activation.
  Maps add_block(const Block& block, const Maps& in, const Maps& out) {
    const Outputs outputs = add_convolution(block, in, out);
    Maps maps = out;
    maps.norm = add_factors(block.name, block.level, outputs);
    return maps;
  }

  // What an encoder's stage gives. For oneDNN, which takes one part, it is the second half of what the
  // decoder concatenates.
  Maps add_stage_output(std::size_t level) {
    if (!compares_onednn() || level + 1 == sizes_.size()) return add_maps(level);
    return {plan_.arena_.add(2 * values(level)), values(level)};
  }

  Maps add_encoder_stage(std::size_t level, Maps maps) {
    const std::int64_t blocks = spec_.conv_per_stage[level];
    for (std::int64_t j = 0; j < blocks; ++j) {
      const std::string name = fmt::format("encoder.stages.{}.0.convs.{}", level, j);
      const Maps out = j + 1 == blocks ? add_stage_output(level) : add_maps(level);
      maps = add_block(j == 0 ? first_block(level, name) : block_at(level, name), maps, out);
    }
    return maps;
  }

  Maps add_residual_stage(std::size_t level, Maps maps) {
    const std::int64_t blocks = spec_.conv_per_stage[level];
    for (std::int64_t b = 0; b < blocks; ++b) {
      const std::string name = fmt::format("encoder.stages.{}.blocks.{}", level, b);
      const Maps out = b + 1 == blocks ? add_stage_output(level) : add_maps(level);
      // The stem's maps are as those between blocks.
      add_residual_block(b == 0 && level > 0 ? first_block(level, name) : block_at(level, name), maps, out);
      maps = out;
    }
    return maps;
  }

  // `block.name` ends before ".conv1".
  void add_residual_block(const Block& block, const Maps& in, const Maps& out) {
    const std::size_t level = block.level;
    const bool strided = block.stride != kOne;
    const std::string projection = block.name + (strided ? ".skip.1" : ".skip.0");
    apply_norm(in);
    Maps skip = strided ? add_pooling(block, in) : in;
    if (weights_.contains(projection + ".conv.weight")) {
      const Block pointwise{projection, block.channels, sizes_[level], kOne, kOne, level};
      skip = add_block(pointwise, skip, add_maps(level));
    }
    Block convolution = block;
    convolution.name = block.name + ".conv1";
    const Maps first = add_block(convolution, in, add_maps(level));
    const std::string second = block.name + ".conv2";
    Maps sum = out;
    sum.norm = add_factors(second, level, add_convolution(block_at(level, second), first, out));
    add_step(second + ".join", "norm", 0, {skip, sum},
             [norm = sum.norm->norm, skip = reader(skip), skip_norm = norm_reader(skip), out = writer(out),
              factors = norm_reader(sum)](const RunMemory& memory) {
               norm->join(factors(memory).factors, skip(memory), skip_norm(memory).factors, out(memory));
             });
  }

  Maps add_pooling(const Block& block, const Maps& in) {
    const std::int64_t count = padded(block.channels[0], block_);
    const Maps pooled{plan_.arena_.add(count * voxels_of(sizes_[block.level])), 0};
    add_step(block.name + ".pool", "average", 0, {in, pooled},
             [=, size = block.in, kernel = block.stride, in = reader(in), out = writer(pooled)](
                 const RunMemory& memory) { average_pool(in(memory), size, count, kernel, out(memory)); });
    return pooled;
  }

  Maps add_decoder_stage(std::size_t level, Maps maps) {
    const std::size_t s = sizes_.size() - 2 - level;
    for (std::int64_t j = 0; j < spec_.conv_per_stage_decoder[s]; ++j) {
      Block block = block_at(level, fmt::format("decoder.stages.{}.convs.{}", s, j));
      const Maps out = add_maps(level);
      if (j > 0) {
        maps = add_block(block, maps, out);
        continue;
      }
      block.channels.push_back(block.channels[0]);
      const Outputs outputs = add_upsampling(block, fmt::format("decoder.transpconvs.{}", s), maps, out);
      maps = out;
      maps.norm = add_factors(block.name, level, outputs);
    }
    return maps;
  }

  std::shared_ptr<const Upsampling> make_upsampling(std::size_t level, const std::string& name) const {
    const auto& kernel = spec_.strides[level + 1];
    const UpsamplingShape shape{spec_.features_per_stage[level + 1], spec_.features_per_stage[level],
                                sizes_[level + 1], kernel};
    return std::make_shared<const Upsampling>(
        shape, ConvolutionWeights{weight(name + ".weight").values, weight(name + ".bias").values});
  }

  // The upsampling `up` of `maps` and the convolution of its maps beside the skip's.
  Outputs add_upsampling(const Block& block, const std::string& up, const Maps& maps, const Maps& out) {
    apply_norm(maps);
    const std::size_t level = block.level;
    const auto upsampling = make_upsampling(level, up);
    const double gflop = gflop_of(weight(up + ".weight"), voxels_of(sizes_[level + 1]));
    const Maps skip = skips_[level];
    if (compares_onednn()) {
      apply_norm(skip);
      const Maps both{skip.map, 0};
      add_step(up, "direct", gflop, {maps, both},
               [=, in = reader(maps), out = writer(both)](const RunMemory& memory) {
                 upsampling->run(in(memory), out(memory), {0, upsampling->shape().out()[0]});
               });
      return add_convolution(block, both, out);
    }
    return add_slabs(block, upsampling, gflop, maps, skip, out);
  }

  // Planes of a slab: some steps of the convolution's, and what its kernel needs around them.
  std::int64_t slab_planes(const Made& made, std::size_t level) const {
    const std::int64_t step = made.convolution->plane_step(), planes = sizes_[level][0];
    const std::int64_t plane = channels(level) * sizes_[level][1] * sizes_[level][2];
    const std::int64_t steps = std::max<std::int64_t>(1, kSlabFloats / (plane * step));
    return std::min((planes + step - 1) / step * step, steps * step);
  }

  Outputs add_slabs(const Block& block, const std::shared_ptr<const Upsampling>& upsampling, double gflop,
                    const Maps& maps, const Maps& skip, const Maps& out) {
    const std::size_t level = block.level;
    const Made made = make(block, false);
    if (!made.convolution->takes_norm()) apply_norm(skip);
    const Outputs outputs = outputs_of(made, out);
    const Size3 size = sizes_[level];
    const std::int64_t halo = block.kernel[0] / 2, planes = slab_planes(made, level);
    const std::int64_t most = std::min(size[0], planes + 2 * halo), half = channels(level);
    const Maps slab{plan_.arena_.add(half * most * size[1] * size[2]), 0};
    gflop += gflop_of(weight(block.name + ".conv.weight"), voxels_of(size));
    add_step(
        block.name + ".conv with " + up_name(level), made.algorithm, gflop,
        {maps, skip, slab, out, outputs.moments},
        [=, convolution = made.convolution, in = reader(maps), skip = reader(skip), norm = norm_reader(skip),
         slab = writer(slab), out = writer(out), moments = moments_writer(outputs)](const RunMemory& memory) {
          for (std::int64_t d = 0; d < size[0]; d += planes) {
            const std::int64_t end = std::min(size[0], d + planes);
            const PlaneRange needed{std::max<std::int64_t>(0, d - halo), std::min(size[0], end + halo)};
            upsampling->run(in(memory), slab(memory), needed);
            const MapsPart parts[] = {{slab(memory), half, needed.begin, needed.end - needed.begin},
                                      {skip(memory), half, 0, size[0], norm(memory)}};
            convolution->run(parts, out(memory), {d, end}, moments(memory));
          }
        });
    return outputs;
  }
  std::string up_name(std::size_t level) const {
    return fmt::format("transpconvs.{}", sizes_.size() - 2 - level);
  }

  void add_head(const Maps& maps) {
    apply_norm(maps);
    const std::string name = fmt::format("decoder.seg_layers.{}", sizes_.size() - 2);
    const NamedTensor& kernel = weight(name + ".weight");
    const auto head = std::make_shared<const Head>(
        kernel.shape[1], kernel.shape[0], ConvolutionWeights{kernel.values, weight(name + ".bias").values});
    const std::int64_t voxels = voxels_of(sizes_[0]);
    add_step(
        name, "direct", gflop_of(kernel, voxels), {maps},
        [=, in = reader(maps)](const RunMemory& memory) { head->run(in(memory), voxels, memory.logits); });
  }

  NetworkPlan& plan_;
  const NetworkSpec& spec_;
  const Weights& weights_;
  const CpuEngineOptions& options_;
  std::int64_t block_;
  std::vector<Size3> sizes_;  // of each level
  std::vector<Maps> skips_;   // what each of the encoder's stages gives
};

NetworkPlan::NetworkPlan(const NetworkSpec& spec, const Weights& weights, const TensorShape& shape,
                         const CpuEngineOptions& options) {
  PlanBuilder(*this, spec, weights, options).build({shape.d, shape.h, shape.w});
}

void NetworkPlan::run(const RunMemory& memory) const {
  for (const Step& step : steps_) step.run(memory);
}

std::vector<LayerProfile> NetworkPlan::profile(const RunMemory& memory) const {
  std::vector<LayerProfile> layers;
  for (const Step& step : steps_) {
    const auto start = std::chrono::steady_clock::now();
    step.run(memory);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    layers.push_back({step.name, step.algorithm, step.gflop, seconds.count()});
  }
  return layers;
}

}  // namespace hepar::cpu
