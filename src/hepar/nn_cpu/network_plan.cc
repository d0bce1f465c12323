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

// The network's own multiply-adds, two operations each, in units of 10^9.
double layer_gflop(const NamedTensor& weight, std::int64_t places) {
  double product = 2e-9 * static_cast<double>(places);
  for (const auto size : weight.shape) product *= static_cast<double>(size);
  return product;
}

// Walks through the network as NetworkSpec describes it.
class PlanBuilder {
 public:
  PlanBuilder(const NetworkSpec& spec, const Weights& weights, const CpuEngineOptions& options,
              std::int64_t slab_floats, MapArena& arena, std::vector<PlanStep>& steps)
      : spec_(spec),
        weights_(weights),
        options_(options),
        slab_floats_(slab_floats),
        arena_(arena),
        steps_(arena, steps),
        block_(channel_block()) {}

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
    arena_.place();
  }

 private:
  using Maps = PlanMaps;

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

  Maps add_maps(std::size_t level) { return steps_.add_maps(values(level)); }

  // A few channels are convolved as they are.
  bool input_is_plain() const { return spec_.input_channels <= (compares_onednn() ? 3 : 7); }

  Maps add_input() {
    if (input_is_plain()) return {};
    const std::int64_t count = spec_.input_channels, voxels = voxels_of(sizes_[0]);
    const Maps blocked = steps_.add_maps(padded(count, block_) * voxels);
    steps_.add("input", "blocks", 0, {blocked}, [=, out = steps_.writer(blocked)](const RunMemory& memory) {
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

  // A step's maps and moments that a convolution writes.
  struct Outputs {
    Maps maps, moments;  // the latter without a map where none are taken
    std::int64_t rows = 0;
  };
  Outputs outputs_of(const Made& made, const Maps& maps) {
    const std::int64_t rows = made.convolution->moment_rows();
    if (rows == 0) return {maps, {}, 0};
    return {maps, steps_.add_maps(2 * rows * 2 * made.shape.out_channels), rows};
  }
  auto moments_writer(const Outputs& outputs) const {
    return [write = steps_.writer(outputs.moments)](const RunMemory& memory) {
      return reinterpret_cast<double*>(write(memory));  // places begin at cache lines
    };
  }

  Outputs add_convolution(const Block& block, const Maps& in, const Maps& out) {
    const Made made = make(block, !in.map);
    if (!made.convolution->takes_norm()) steps_.apply_norm(block.name, in);
    const Outputs outputs = outputs_of(made, out);
    const MapsPart part{nullptr, made.shape.in_channels, 0, made.shape.in[0]};
    const PlaneRange planes{0, made.shape.out()[0]};
    steps_.add(block.name + ".conv", made.algorithm,
               layer_gflop(weight(block.name + ".conv.weight"), voxels_of(made.shape.out())),
               {in, out, outputs.moments},
               [=, convolution = made.convolution, in = steps_.reader(in), norm = steps_.norm_reader(in),
                out = steps_.writer(out), moments = moments_writer(outputs)](const RunMemory& memory) {
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
    const Maps factors = steps_.add_maps(norm_layer->factor_count());
    steps_.add(
        name + ".norm", "norm", 0, {outputs.maps, outputs.moments, factors},
        [norm_layer, rows = outputs.rows, maps = steps_.writer(outputs.maps),
         moments = moments_writer(outputs), factors = steps_.writer(factors)](const RunMemory& memory) {
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
    Maps both = steps_.add_maps(2 * values(level));
    both.offset = values(level);
    return both;
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
    steps_.apply_norm(block.name, in);
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
    steps_.add(second + ".join", "norm", 0, {skip, sum},
               [norm = sum.norm->norm, skip = steps_.reader(skip), skip_norm = steps_.norm_reader(skip),
                out = steps_.writer(out), factors = steps_.norm_reader(sum)](const RunMemory& memory) {
                 norm->join(factors(memory).factors, skip(memory), skip_norm(memory).factors, out(memory));
               });
  }

  Maps add_pooling(const Block& block, const Maps& in) {
    const std::int64_t count = padded(block.channels[0], block_);
    const Maps pooled = steps_.add_maps(count * voxels_of(sizes_[block.level]));
    steps_.add(
        block.name + ".pool", "average", 0, {in, pooled},
        [=, size = block.in, kernel = block.stride, in = steps_.reader(in), out = steps_.writer(pooled)](
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
    steps_.apply_norm(block.name, maps);
    const std::size_t level = block.level;
    const auto upsampling = make_upsampling(level, up);
    const double gflop = layer_gflop(weight(up + ".weight"), voxels_of(sizes_[level + 1]));
    const Maps skip = skips_[level];
    if (compares_onednn()) {
      steps_.apply_norm(block.name, skip);
      const Maps both{skip.map, 0};
      steps_.add(up, "direct", gflop, {maps, both},
                 [=, in = steps_.reader(maps), out = steps_.writer(both)](const RunMemory& memory) {
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
    const std::int64_t steps = std::max<std::int64_t>(1, slab_floats_ / (plane * step));
    return std::min((planes + step - 1) / step * step, steps * step);
  }

  Outputs add_slabs(const Block& block, const std::shared_ptr<const Upsampling>& upsampling, double gflop,
                    const Maps& maps, const Maps& skip, const Maps& out) {
    const std::size_t level = block.level;
    const Made made = make(block, false);
    if (!made.convolution->takes_norm()) steps_.apply_norm(block.name, skip);
    const Outputs outputs = outputs_of(made, out);
    const Size3 size = sizes_[level];
    const std::int64_t halo = block.kernel[0] / 2, planes = slab_planes(made, level);
    const std::int64_t most = std::min(size[0], planes + 2 * halo), half = channels(level);
    const Maps slab = steps_.add_maps(half * most * size[1] * size[2]);
    gflop += layer_gflop(weight(block.name + ".conv.weight"), voxels_of(size));
    steps_.add(
        block.name + ".conv with " + up_name(level), made.algorithm, gflop,
        {maps, skip, slab, out, outputs.moments},
        [=, convolution = made.convolution, in = steps_.reader(maps), skip = steps_.reader(skip),
         norm = steps_.norm_reader(skip), slab = steps_.writer(slab), out = steps_.writer(out),
         moments = moments_writer(outputs)](const RunMemory& memory) {
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
    steps_.apply_norm("the head", maps);
    const std::string name = fmt::format("decoder.seg_layers.{}", sizes_.size() - 2);
    const NamedTensor& kernel = weight(name + ".weight");
    const auto head = std::make_shared<const Head>(
        kernel.shape[1], kernel.shape[0], ConvolutionWeights{kernel.values, weight(name + ".bias").values});
    const std::int64_t voxels = voxels_of(sizes_[0]);
    steps_.add(name, "direct", layer_gflop(kernel, voxels), {maps},
               [=, in = steps_.reader(maps)](const RunMemory& memory) {
                 head->run(in(memory), voxels, memory.logits);
               });
  }

  const NetworkSpec& spec_;
  const Weights& weights_;
  const CpuEngineOptions& options_;
  std::int64_t slab_floats_;
  MapArena& arena_;
  PlanSteps steps_;
  std::int64_t block_;
  std::vector<Size3> sizes_;  // of each level
  std::vector<Maps> skips_;   // what each of the encoder's stages gives
};

}  // namespace

NetworkPlan::NetworkPlan(const NetworkSpec& spec, const Weights& weights, const TensorShape& shape,
                         const CpuEngineOptions& options, std::int64_t slab_floats) {
  PlanBuilder(spec, weights, options, slab_floats, arena_, steps_).build({shape.d, shape.h, shape.w});
}

void NetworkPlan::run(const RunMemory& memory) const {
  for (const PlanStep& step : steps_) step.run(memory);
}

std::vector<LayerProfile> NetworkPlan::profile(const RunMemory& memory) const {
  std::vector<LayerProfile> layers;
  for (const PlanStep& step : steps_) {
    const auto start = std::chrono::steady_clock::now();
    step.run(memory);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    layers.push_back({step.name, step.algorithm, step.gflop, seconds.count()});
  }
  return layers;
}

}  // namespace hepar::cpu
