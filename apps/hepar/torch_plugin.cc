// SPDX-License-Identifier: Apache-2.0
#include "torch_plugin.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>

#include "hepar-torch/plugin.h"
#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/version.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

constexpr const char* kPlugin = "libhepar-torch.so";

fs::path find_plugin() {
  const fs::path beside = fs::read_symlink("/proc/self/exe").parent_path();
  const fs::path installed = (beside.parent_path() / HEPAR_PLUGIN_FOLDER).lexically_normal();
  for (const fs::path& folder : {beside, installed})
    if (fs::exists(folder / kPlugin)) return folder / kPlugin;
  throw Error(ErrorCode::kMissing,
              fmt::format("{} is neither in {} nor in {}; build Hepar with -DHEPAR_WITH_TORCH=ON (needs "
                          "LibTorch), or run with --device cpu",
                          kPlugin, beside.string(), installed.string()));
}

[[noreturn]] void fail_loading(const fs::path& file) {
  const char* reason = ::dlerror();
  throw Error(ErrorCode::kMissing,
              fmt::format("{} can't be loaded ({}); install the LibTorch that it was built with, or run with "
                          "--device cpu",
                          file.string(), reason != nullptr ? reason : "no reason given"));
}

template <class Function>
Function* find_function(void* library, const char* name, const fs::path& file) {
  void* symbol = ::dlsym(library, name);
  if (symbol == nullptr) fail_loading(file);
  return reinterpret_cast<Function*>(symbol);
}

}  // namespace

EngineFactory torch_engine_factory(const TorchEngineOptions& options) {
  const fs::path file = find_plugin();
  // Never closed: engines, and LibTorch's own threads, run its code until the end.
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) fail_loading(file);
  auto* plugin_version = find_function<decltype(hepar_plugin_version)>(library, "hepar_plugin_version", file);
  if (plugin_version() != version()) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("{} is of Hepar {}, this program is {}; build and install both together",
                            file.string(), plugin_version(), version()));
  }
  auto* make = find_function<decltype(hepar_plugin_make_engine)>(library, "hepar_plugin_make_engine", file);
  return [make, options](const ModelPlan& plan, const Weights& weights) {
    return std::unique_ptr<Engine>(make(plan.network, weights, options, thread_count()));
  };
}

}  // namespace hepar
