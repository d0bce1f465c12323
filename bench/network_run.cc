// SPDX-License-Identifier: Apache-2.0
// network_run MODEL INPUT OUTPUT: passes of a model folder's first fold over one input, raw float32 in (C, D,
// H, W), logits out. The first pass, which plans, does not count. Prints the other passes' times
// and the process's VmHWM,
//   {"seconds": [..], "cpu_seconds": [..], "peak_kilobytes": ..}
// The other side of bench/peers/network.py.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <ctime>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/nn/model_folder.h"
#include "hepar/nn_cpu/cpu_engine.h"

namespace hepar {
namespace {

struct Arguments {
  std::filesystem::path model, input, output, tuning_file;
  std::vector<std::int64_t> patch{64, 64, 64};
  CpuAlgorithms algorithms = CpuAlgorithms::kDefault;
  int threads = 1, repeats = 3;
};

Tensor read_input(const Arguments& arguments, std::int64_t channels) {
  Tensor input({1, channels, arguments.patch[0], arguments.patch[1], arguments.patch[2]});
  const auto bytes = static_cast<std::streamsize>(input.values.size() * sizeof(float));
  std::ifstream file(arguments.input, std::ios::binary);
  file.read(reinterpret_cast<char*>(input.values.data()), bytes);
  if (file.gcount() != bytes) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} has {} bytes, the patch takes {}; name the --patch it was made for",
                            arguments.input.string(), file.gcount(), bytes));
  }
  return input;
}

std::int64_t peak_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::int64_t value = 0;
    if (word == "VmHWM:" && status >> value) return value;
  }
  return 0;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void run(const Arguments& arguments) {
  using Clock = std::chrono::steady_clock;
  set_thread_count(arguments.threads);
  const ModelFolder model = read_model_folder(arguments.model);
  const Tensor input = read_input(arguments, model.plan.network.input_channels);
  const auto engine = make_cpu_engine(
      model.plan.network, read_fold(model, 0),
      {.algorithms = arguments.algorithms, .workspace = nullptr, .tuning_file = arguments.tuning_file});
  Tensor logits = engine->run(input);
  std::vector<double> wall, cpu;
  for (int round = 0; round < arguments.repeats; ++round) {
    const double cpu_before = cpu_seconds();
    const auto start = Clock::now();
    logits = engine->run(input);
    wall.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    cpu.push_back(cpu_seconds() - cpu_before);
  }
  std::ofstream(arguments.output, std::ios::binary)
      .write(reinterpret_cast<const char*>(logits.values.data()),
             static_cast<std::streamsize>(logits.values.size() * sizeof(float)));
  fmt::print(R"({{"seconds": {}, "cpu_seconds": {}, "peak_kilobytes": {}}})"
             "\n",
             wall, cpu, peak_kilobytes());
}

}  // namespace
}  // namespace hepar

int main(int argc, char** argv) {
  hepar::Arguments arguments;
  const std::map<std::string, hepar::CpuAlgorithms> engines{{"default", hepar::CpuAlgorithms::kDefault},
                                                            {"exact", hepar::CpuAlgorithms::kExact},
                                                            {"onednn", hepar::CpuAlgorithms::kOneDnn}};
  CLI::App app("Times passes of a network and writes its logits.");
  app.add_option("MODEL", arguments.model, "Model folder")->required();
  app.add_option("INPUT", arguments.input, "Raw float32, (C, D, H, W)")->required();
  app.add_option("OUTPUT", arguments.output, "Raw float32 logits, (heads, D, H, W)")->required();
  app.add_option("--patch", arguments.patch, "D,H,W")->delimiter(',')->expected(3)->allow_extra_args(false);
  app.add_option("--engine", arguments.algorithms)->transform(CLI::CheckedTransformer(engines));
  app.add_option("--tuning", arguments.tuning_file, "File of the choices of algorithms");
  app.add_option("--threads", arguments.threads)->check(CLI::Range(1, 1024));
  app.add_option("--repeats", arguments.repeats)->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  try {
    hepar::run(arguments);
    return 0;
  } catch (const hepar::Error& error) {
    fmt::print(stderr, "network_run: {}\n", error.what());
    return hepar::exit_status(error.code());
  }
}
