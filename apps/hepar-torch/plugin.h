// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/nn_torch/torch_engine.h"

// What libhepar-torch.so offers to the program that loads it. C++ types cross: both sides must come from one
// version of Hepar, which is asked for first, and one compiler.
extern "C" {
const char* hepar_plugin_version();
// An engine that the caller deletes; on the host it takes this many threads. Throws as make_torch_engine.
hepar::Engine* hepar_plugin_make_engine(const hepar::NetworkSpec& spec, const hepar::Weights& weights,
                                        const hepar::TorchEngineOptions& options, int threads);
}
