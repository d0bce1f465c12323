// SPDX-License-Identifier: Apache-2.0
#include "engine_choice.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "hepar/core/error.h"
#include "torch_plugin.h"

namespace hepar {
namespace fs = std::filesystem;

void bind_device(CLI::App& app, EngineChoice& choice) {
  app.add_option("--device", choice.device,
                 "What runs the network: cpu; cuda, a GPU by LibTorch; libtorch, the processor by LibTorch")
      ->check(CLI::IsMember({"cpu", "cuda", "libtorch"}))
      ->capture_default_str();
}

void bind_engine(CLI::App& app, EngineChoice& choice) {
  app.add_option("--engine", choice.rounding,
                 "default: the fastest; exact: rounding errors no larger than those of float32 sums, slower")
      ->check(CLI::IsMember({"default", "exact"}))
      ->capture_default_str();
}

EngineFactory engine_factory(const EngineChoice& choice) {
  const bool exact = choice.rounding == "exact";
  if (choice.device != "cpu") {
    const bool gpu = choice.device == "cuda";
    return torch_engine_factory({.device = gpu ? "cuda" : "cpu", .half = gpu && !exact});
  }
  CpuEngineOptions options{.algorithms = exact ? CpuAlgorithms::kExact : CpuAlgorithms::kDefault,
                           // Folds, and the stages of a cascade, run one after the other.
                           .workspace = make_cpu_workspace(),
                           .tuning_file = default_tuning_file()};
  return [options](const ModelPlan& plan, const Weights& weights) {
    return make_cpu_engine(plan.network, weights, options);
  };
}

fs::path default_tuning_file() {
  const auto folder_in = [](const char* variable) {
    const char* value = std::getenv(variable);
    const fs::path folder = value == nullptr ? "" : value;
    return folder.is_absolute() ? folder : fs::path();
  };
  fs::path cache = folder_in("XDG_CACHE_HOME");
  if (cache.empty()) {
    const fs::path home = folder_in("HOME");
    if (home.empty()) return {};
    cache = home / ".cache";
  }
  return cache / "hepar" / "tuning.json";
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
