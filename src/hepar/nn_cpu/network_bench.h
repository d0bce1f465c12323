// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "hepar/nn_cpu/cpu_engine.h"

namespace hepar {

struct NetworkBenchOptions {
  Kernel3 patch{64, 64, 64};  // d, h, w
  int repeats = 5;
  CpuAlgorithms algorithms = CpuAlgorithms::kDefault;
  std::filesystem::path tuning_file = {};
};

// Times of one forward pass, medians over the repeats. A layer's and the whole pass's are taken apart, so
// that the layers' sum shows what watching them costs.
struct NetworkBench {
  NetworkBenchOptions options;
  std::vector<LayerProfile> layers;
  double seconds = 0;      // by the clock
  double cpu_seconds = 0;  // of all threads
  double gflop = 0;        // gflop_of()
  double peak_gflops = 0;  // cpu::measured_peak_gflops()
  int threads = 1;
};

// The network on an input of noise. The first pass, which plans, does not count. Error(kInvalidInput) for a
// patch that does not fit the network, and the errors of make_cpu_engine().
NetworkBench bench_network(const NetworkSpec& spec, Weights weights, const NetworkBenchOptions& options);

// "hepar.network-bench/1"; a layer without work of its own, such as a norm, has effective_gflops null.
std::string network_bench_json(const NetworkBench& bench);
// A line for each layer, then the sum.
std::string network_bench_text(const NetworkBench& bench);

}  // namespace hepar
