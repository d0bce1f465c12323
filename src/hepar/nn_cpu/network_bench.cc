// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/network_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"
#include "hepar/core/version.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/cpu_kernels/peak.h"
#include "hepar/nn/network_work.h"

namespace hepar {
namespace {
using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

double process_cpu_seconds() {
  std::timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double median(std::vector<double> values) {
  const std::size_t middle = values.size() / 2;
  std::sort(values.begin(), values.end());
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Tensor noise(const TensorShape& shape) {
  Tensor input(shape);
  Random random(2);
  for (float& value : input.values) value = static_cast<float>(random.normal());
  return input;
}

void time_passes(CpuEngine& engine, const Tensor& input, NetworkBench& bench) {
  std::vector<double> seconds, cpu_seconds;
  std::vector<std::vector<double>> layer_seconds;
  for (int round = 0; round < bench.options.repeats; ++round) {
    const double cpu_before = process_cpu_seconds();
    const auto start = Clock::now();
    engine.run(input);
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    cpu_seconds.push_back(process_cpu_seconds() - cpu_before);
    bench.layers = engine.profile(input);
    layer_seconds.resize(bench.layers.size());
    for (std::size_t n = 0; n < bench.layers.size(); ++n) layer_seconds[n].push_back(bench.layers[n].seconds);
  }
  bench.seconds = median(seconds);
  bench.cpu_seconds = median(cpu_seconds);
  for (std::size_t n = 0; n < bench.layers.size(); ++n) bench.layers[n].seconds = median(layer_seconds[n]);
}

const char* name_of(CpuAlgorithms algorithms) {
  switch (algorithms) {
    case CpuAlgorithms::kExact:
      return "exact";
    case CpuAlgorithms::kOneDnn:
      return "onednn";
    case CpuAlgorithms::kDefault:
      break;
  }
  return "default";
}

Json layer_json(const LayerProfile& layer) {
  return {{"name", layer.name},
          {"algorithm", layer.algorithm},
          {"seconds", layer.seconds},
          {"gflop", layer.gflop},
          {"effective_gflops", layer.gflop > 0 ? Json(layer.gflop / layer.seconds) : Json(nullptr)}};
}

constexpr const char* kRow = "{:<44} {:<20} {:>9} {:>6} {:>9} {:>9} {:>6}\n";

std::string row_text(const LayerProfile& layer, const NetworkBench& bench) {
  const bool has_work = layer.gflop > 0;
  const double rate = layer.gflop / layer.seconds;
  return fmt::format(kRow, layer.name, layer.algorithm, fmt::format("{:.2f}", 1e3 * layer.seconds),
                     fmt::format("{:.1f}", 100 * layer.seconds / bench.seconds),
                     has_work ? fmt::format("{:.3f}", layer.gflop) : "",
                     has_work ? fmt::format("{:.1f}", rate) : "",
                     has_work ? fmt::format("{:.0f}", 100 * rate / bench.peak_gflops) : "");
}

}  // namespace

NetworkBench bench_network(const NetworkSpec& spec, Weights weights, const NetworkBenchOptions& options) {
  HEPAR_EXPECT(options.repeats >= 1, fmt::format("{} repeats", options.repeats));
  NetworkBench bench;
  bench.options = options;
  const auto [d, h, w] = options.patch;
  const TensorShape shape{1, spec.input_channels, d, h, w};
  check_input(spec, shape);
  const auto engine = make_cpu_engine(
      spec, std::move(weights),
      {.algorithms = options.algorithms, .workspace = nullptr, .tuning_file = options.tuning_file});
  const Tensor input = noise(shape);
  engine->run(input);
  bench.threads = thread_count();
  bench.gflop = gflop_of(spec, options.patch);
  bench.peak_gflops = cpu::measured_peak_gflops();
  time_passes(*engine, input, bench);
  return bench;
}

std::string network_bench_json(const NetworkBench& bench) {
  Json layers = Json::array();
  for (const LayerProfile& layer : bench.layers) layers.push_back(layer_json(layer));
  const Json total{{"seconds", bench.seconds},
                   {"cpu_seconds", bench.cpu_seconds},
                   {"gflop", bench.gflop},
                   {"effective_gflops", bench.gflop / bench.seconds},
                   {"peak_gflops", bench.peak_gflops}};
  const Json document{
      {"format", "hepar.network-bench/1"},
      {"hepar_version", version()},
      {"engine", name_of(bench.options.algorithms)},
      {"patch", bench.options.patch},
      {"repeats", bench.options.repeats},
      {"machine", {{"instruction_set", cpu::name_of(cpu::instruction_set())}, {"threads", bench.threads}}},
      {"layers", std::move(layers)},
      {"total", total}};
  return document.dump(1);
}

std::string network_bench_text(const NetworkBench& bench) {
  std::string text = fmt::format(kRow, "layer", "algorithm", "ms", "%", "GFLOP", "GFLOP/s", "% peak");
  for (const LayerProfile& layer : bench.layers) text += row_text(layer, bench);
  text += row_text({"total", name_of(bench.options.algorithms), bench.gflop, bench.seconds}, bench);
  const auto [d, h, w] = bench.options.patch;
  return text +
         fmt::format(
             "{} x {} x {} voxels, threads: {}, {}, median of {}: {:.2f} CPU seconds; the processor's peak "
             "is {:.0f} GFLOP/s. GFLOP counts the layers' definition: Winograd's algorithms need fewer "
             "operations and may pass the peak. Hepar {}.",
             d, h, w, bench.threads, cpu::name_of(cpu::instruction_set()), bench.options.repeats,
             bench.cpu_seconds, bench.peak_gflops, version());
}

}  // namespace hepar
