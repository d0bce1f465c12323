// SPDX-License-Identifier: Apache-2.0
// Training iterations on the host with LibTorch's kernels and with Hepar's, in turns, on one batch of random
// numbers: forward pass, the trainer's loss, backward pass, a step of its optimiser, by the recipe `small`.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

#include "hepar/core/parallel.h"
#include "hepar/core/random.h"
#include "hepar/nn_torch/torch_network.h"
#include "hepar/train/loss.h"
#include "hepar/train/optimiser.h"

namespace hepar {
namespace {

struct Network {
  const char* name;
  std::vector<std::int64_t> features;
};
const Network kNetworks[] = {{"16-128, 4 stages", {16, 32, 64, 128}},
                             {"16-128, 5 stages (demo)", {16, 32, 64, 96, 128}}};

NetworkSpec spec_of(const Network& network) {
  NetworkSpec spec;
  const std::size_t stages = network.features.size();
  spec.features_per_stage = network.features;
  spec.kernel_sizes.assign(stages, {3, 3, 3});
  spec.strides.assign(stages, {2, 2, 2});
  spec.strides[0] = {1, 1, 1};
  spec.conv_per_stage.assign(stages, 2);
  spec.conv_per_stage_decoder.assign(stages - 1, 2);
  spec.heads = 3;
  return spec;
}

struct Clocks {
  double wall_s, cpu_s;
};
Clocks now() {
  timespec cpu;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  const auto wall = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration<double>(wall).count(),
          static_cast<double>(cpu.tv_sec) + 1e-9 * static_cast<double>(cpu.tv_nsec)};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Seconds of each iteration's parts.
struct Times {
  std::vector<double> wall, cpu, forward_cpu, backward_cpu;
};

const DatasetLabels kLabels{.regions = {{"liver", {1}}, {"tumour", {2}}},
                            .regions_class_order = {},
                            .foreground_labels = {1, 2},
                            .ignore_label = {},
                            .channel_names = {"CT"}};

class Side {
 public:
  Side(const NetworkSpec& spec, bool own)
      : network_(spec, 7),
        process_(make_single_process()),
        loss_(kLabels, {.paper = recipe_.loss == "paper", .scales = recipe_.scales}, *process_),
        optimiser_(make_optimiser(recipe_, network_.parameters())) {
    network_.use_own_kernels(own);
  }

  // Gives back the loss before the step.
  double iterate(const at::Tensor& input, const at::Tensor& labels) {
    const Clocks begin = now();
    const at::Tensor loss = loss_(network_.forward(input), labels);
    const Clocks between = now();
    loss.backward();
    const Clocks end = now();
    optimiser_->step(recipe_.learning_rate);
    const Clocks after = now();
    times_.wall.push_back(after.wall_s - begin.wall_s);
    times_.cpu.push_back(after.cpu_s - begin.cpu_s);
    times_.forward_cpu.push_back(between.cpu_s - begin.cpu_s);
    times_.backward_cpu.push_back(end.cpu_s - between.cpu_s);
    return loss.item<double>();
  }
  void forget_times() { times_ = {}; }
  const Times& times() const { return times_; }

 private:
  const TrainingRecipe recipe_ = named_recipe("small");
  TorchNetwork network_;
  std::unique_ptr<Communicator> process_;
  SegmentationLoss loss_;
  std::unique_ptr<Optimiser> optimiser_;
  Times times_;
};

void compare(const Network& network, std::int64_t edge, int iterations, int threads) {
  set_thread_count(threads);
  at::set_num_threads(threads);
  const NetworkSpec spec = spec_of(network);
  at::Tensor input = at::empty({2, 1, edge, edge, edge});
  Random random(3);
  std::generate_n(input.data_ptr<float>(), input.numel(),
                  [&] { return static_cast<float>(random.normal()); });
  const at::Tensor values = input.select(1, 0);
  const at::Tensor labels = (values > 0).to(at::kLong) + (values > 1).to(at::kLong);
  Side libtorch(spec, false), hepar(spec, true);
  double losses[2] = {};
  // The first pair takes memory and starts threads, and counts nowhere. The sides take turns at being first.
  for (int n = 0; n <= iterations; ++n) {
    for (const bool own : {n % 2 == 0, n % 2 != 0})
      losses[own] = (own ? hepar : libtorch).iterate(input, labels);
    if (n > 0) continue;
    libtorch.forget_times();
    hepar.forget_times();
  }
  fmt::print("{}, batch 2 of {}^3, {} thread(s), median of {} iterations\n", network.name, edge, threads,
             iterations);
  fmt::print("  {:<10}{:>10}{:>10}{:>10}{:>12}{:>12}{:>12}\n", "kernels", "per s", "wall s", "CPU s",
             "forward", "backward", "last loss");
  const Times &a = libtorch.times(), &b = hepar.times();
  const auto row = [](const char* name, const Times& t, double loss) {
    fmt::print("  {:<10}{:>10.3f}{:>10.3f}{:>10.3f}{:>12.3f}{:>12.3f}{:>12.5f}\n", name, 1 / median(t.wall),
               median(t.wall), median(t.cpu), median(t.forward_cpu), median(t.backward_cpu), loss);
  };
  row("libtorch", a, losses[0]);
  row("hepar", b, losses[1]);
  fmt::print("  {:<10}{:>10.2f}{:>10.2f}{:>10.2f}{:>12.2f}{:>12.2f}\n", "ratio",
             median(a.wall) / median(b.wall), median(a.wall) / median(b.wall), median(a.cpu) / median(b.cpu),
             median(a.forward_cpu) / median(b.forward_cpu), median(a.backward_cpu) / median(b.backward_cpu));
  std::fflush(stdout);
}

}  // namespace
}  // namespace hepar

int main(int argc, char** argv) {
  CLI::App app("Training iterations by LibTorch's kernels and by Hepar's");
  std::int64_t edge = 64;
  int iterations = 5;
  std::vector<int> threads{1, 2};
  app.add_option("--edge", edge, "Voxels along each axis of a patch")->capture_default_str();
  app.add_option("--iterations", iterations, "Of each kind")->capture_default_str();
  app.add_option("--threads", threads, "Numbers of threads to run with")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  for (const int count : threads)
    for (const hepar::Network& network : hepar::kNetworks) hepar::compare(network, edge, iterations, count);
  return 0;
}
