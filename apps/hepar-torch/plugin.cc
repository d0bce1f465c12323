// SPDX-License-Identifier: Apache-2.0
#include "hepar-torch/plugin.h"

#include "hepar/core/parallel.h"
#include "hepar/core/version.h"

const char* hepar_plugin_version() { return hepar::version().data(); }

hepar::Engine* hepar_plugin_make_engine(const hepar::NetworkSpec& spec, const hepar::Weights& weights,
                                        const hepar::TorchEngineOptions& options, int threads) {
  hepar::set_thread_count(threads);  // the plugin has its own copy of this setting
  return hepar::make_torch_engine(spec, weights, options).release();
}
