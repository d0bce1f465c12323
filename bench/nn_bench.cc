// SPDX-License-Identifier: Apache-2.0
// One forward pass of a network on all processors of this process. "FLOP" counts two for each
// multiply-add of the convolutions, transposed convolutions and the head.
#include <benchmark/benchmark.h>

#include "hepar/core/random.h"
#include "hepar/nn_cpu/cpu_engine.h"

namespace hepar {
namespace {

NetworkSpec make_spec(std::vector<std::int64_t> features) {
  NetworkSpec spec;
  const std::size_t stages = features.size();
  spec.features_per_stage = std::move(features);
  spec.kernel_sizes.assign(stages, {3, 3, 3});
  spec.strides.assign(stages, {2, 2, 2});
  spec.strides[0] = {1, 1, 1};
  spec.conv_per_stage.assign(stages, 2);
  spec.conv_per_stage_decoder.assign(stages - 1, 2);
  return spec;
}

Weights random_weights(const NetworkSpec& spec) {
  Weights weights;
  Random random(1);
  for (const auto& [name, shape] : parameters_of(spec)) {
    std::size_t count = 1;
    for (const auto size : shape) count *= static_cast<std::size_t>(size);
    auto& tensor = weights[name];
    tensor.shape = shape;
    for (std::size_t n = 0; n < count; ++n)
      tensor.values.push_back(static_cast<float>(random.normal(0, 0.1)));
  }
  return weights;
}

// Weights x the voxels each is used at: those of the layer's output, for a transposed convolution its input.
double flop_of(const NetworkSpec& spec, std::int64_t voxels) {
  double flop = 0;
  const auto stages = static_cast<std::size_t>(spec.stages());
  for (const auto& [name, shape] : parameters_of(spec)) {
    if (shape.size() != 5) continue;
    double product = 2;
    for (const auto size : shape) product *= static_cast<double>(size);
    const bool encoder = name.starts_with("encoder");
    const auto number = static_cast<std::size_t>(std::stoi(name.substr(name.find_first_of("0123456789"))));
    const bool last_head = name.starts_with("decoder.seg_layers") && number == stages - 2;
    if (name.starts_with("decoder.seg_layers") && !last_head) continue;
    std::size_t level = encoder ? number : stages - 2 - number;
    if (name.starts_with("decoder.transpconvs")) ++level;
    double places = static_cast<double>(voxels);
    for (std::size_t i = 0; i <= level; ++i) {
      places /= static_cast<double>(spec.strides[i][0] * spec.strides[i][1] * spec.strides[i][2]);
    }
    flop += product * places;
  }
  return flop;
}

void forward(benchmark::State& state, const NetworkSpec& spec, const TensorShape& shape) {
  const auto engine = make_cpu_engine(spec, random_weights(spec));
  Tensor input(shape);
  Random random(2);
  for (float& value : input.values) value = static_cast<float>(random.normal());
  engine->run(input);  // plans
  for (auto _ : state) benchmark::DoNotOptimize(engine->run(input).values.data());
  const double flop = flop_of(spec, shape.voxels()) * static_cast<double>(state.iterations());
  state.counters["GFLOP/s"] = benchmark::Counter(flop / 1e9, benchmark::Counter::kIsRate);
  state.counters["GFLOP"] = flop / 1e9 / static_cast<double>(state.iterations());
}

void demo_network(benchmark::State& state) {
  forward(state, make_spec({16, 32, 64, 96, 128}), {1, 1, 64, 80, 96});
}
void nnunet_64(benchmark::State& state) {
  forward(state, make_spec({32, 64, 128, 256, 320, 320}), {1, 1, 64, 64, 64});
}
BENCHMARK(demo_network)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(nnunet_64)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();

}  // namespace
}  // namespace hepar
