// SPDX-License-Identifier: Apache-2.0
#include "engine_choice.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "hepar/core/error.h"
#include "hepar/nn_cpu/cpu_engine.h"
#include "torch_plugin.h"

namespace hepar {
namespace fs = std::filesystem;

EngineFactory cpu_engine_factory() {
  // Folds, and the stages of a cascade, run one after the other.
  return [workspace = make_cpu_workspace()](const ModelPlan& plan, const Weights& weights) {
    return make_cpu_engine(plan.network, weights, {.workspace = workspace});
  };
}

void bind_device(CLI::App& app, std::string& device) {
  app.add_option("--device", device,
                 "What runs the network: cpu; cuda, a GPU by LibTorch; libtorch, the processor by LibTorch")
      ->check(CLI::IsMember({"cpu", "cuda", "libtorch"}))
      ->capture_default_str();
}

EngineFactory engine_factory(const std::string& device, bool exact) {
  if (device == "cpu") return cpu_engine_factory();
  const bool gpu = device == "cuda";
  return torch_engine_factory({.device = gpu ? "cuda" : "cpu", .half = gpu && !exact});
}

fs::path default_model_folder() {
  const fs::path binary = fs::read_symlink("/proc/self/exe");
  const fs::path folder = binary.parent_path().parent_path() / "share" / "hepar" / "models" / "demo";
  if (!fs::exists(folder / "plans.json")) {
    throw Error(
        ErrorCode::kMissing,
        fmt::format("the model that comes with Hepar is not at {}; name one with -m MODEL", folder.string()));
  }
  return folder;
}

}  // namespace hepar
