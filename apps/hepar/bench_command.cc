// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "command.h"
#include "engine_choice.h"
#include "hepar/core/error.h"
#include "hepar/nn/model_folder.h"
#include "hepar/nn/random_network.h"
#include "hepar/nn_cpu/network_bench.h"
#include "model_options.h"

namespace hepar {
namespace {

struct NetworkArguments {
  std::filesystem::path model;
  ModelSelection selection;
  std::vector<std::int64_t> features{32, 64, 128, 256, 320, 320};
  std::vector<std::int64_t> patch;  // one edge, or d, h, w; empty: the model's, else 64
  NetworkBenchOptions options;
};

void bind(CLI::App& app, NetworkArguments& arguments) {
  static const std::map<std::string, CpuAlgorithms> kEngines{{"default", CpuAlgorithms::kDefault},
                                                             {"exact", CpuAlgorithms::kExact},
                                                             {"onednn", CpuAlgorithms::kOneDnn}};
  auto* model = app.add_option("-m,--model", arguments.model, "Model folder, its first fold");
  bind_model_selection(app, arguments.selection);
  app.add_option("--features", arguments.features,
                 "Channels of each stage of a plain U-Net with random weights and three outputs")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 4096))
      ->excludes(model)
      ->type_name("N,..")
      ->default_str("32,64,128,256,320,320");
  app.add_option("--patch", arguments.patch,
                 "Voxels of an edge, or along d, h and w; default: the model's, or 64")
      ->delimiter(',')
      ->expected(1, 3)
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 4096))
      ->type_name("N | D,H,W");
  app.add_option(
         "--engine", arguments.options.algorithms,
         "default: the fastest; exact: without F(4,3); onednn: oneDNN's direct convolution, to compare with")
      ->transform(CLI::CheckedTransformer(kEngines).description("default, exact or onednn"))
      ->default_str("default");
  app.add_option("--repeats", arguments.options.repeats, "Passes of which the median counts")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
}

Kernel3 patch_of(const std::vector<std::int64_t>& sizes, const Kernel3& otherwise) {
  if (sizes.empty()) return otherwise;
  if (sizes.size() == 3) return {sizes[0], sizes[1], sizes[2]};
  if (sizes.size() == 1) return {sizes[0], sizes[0], sizes[0]};
  throw Error(ErrorCode::kInvalidInput, "--patch has two sizes; give one or three");
}

NetworkBench run_bench(const NetworkArguments& arguments) {
  NetworkBenchOptions options = arguments.options;
  options.tuning_file = default_tuning_file();
  if (!arguments.model.empty()) {
    const ModelFolder model = read_model_folder(arguments.model, arguments.selection);
    options.patch = patch_of(arguments.patch, model.plan.patch_size);
    return bench_network(model.plan.network, read_fold(model, 0), options);
  }
  NetworkSpec spec = make_plain_spec(arguments.features);
  spec.heads = 3;
  options.patch = patch_of(arguments.patch, options.patch);
  return bench_network(spec, random_weights(spec, 1), options);
}

Command make_network_command() {
  auto arguments = std::make_shared<NetworkArguments>();
  return {.name = "network",
          .summary = "Time of one pass of a network through the CPU engine, layer by layer.",
          .sources = {"docs/cpu-engine.md, with what other engines take"},
          .bind = [arguments](CLI::App& app) { bind(app, *arguments); },
          .run =
              [arguments](Console& console) {
                const NetworkBench bench = run_bench(*arguments);
                if (console.json) console.result(network_bench_json(bench));
                console.say(network_bench_text(bench));
              }};
}

}  // namespace

Command make_bench_command() {
  return {.name = "bench",
          .summary = "Measure this machine.",
          .sources = {},
          .bind = [](CLI::App& app) { app.require_subcommand(1); },
          .run = [](Console&) {},
          .definitions = {},
          .subcommands = {make_network_command()}};
}

}  // namespace hepar
