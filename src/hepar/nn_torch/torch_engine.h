// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "hepar/nn/engine.h"
#include "hepar/tensors/weights.h"

namespace hepar {

struct TorchEngineOptions {
  std::string device = "cpu";     // "cpu" or "cuda", the first GPU that the process sees
  bool half = false;              // convolutions in float16, on a GPU only; else float32 throughout
  std::int64_t most_samples = 4;  // of one batch on a GPU; fewer once its memory is used up
};

// The network in LibTorch, on the host's thread_count() threads or on a GPU. A GPU runs samples in batches of
// most_samples or, where they do not fit into its memory, of half as many from then on. On the host, where
// batches gain nothing, they run one by one: the bits of a sample do not depend on the others.
// Error(kUnsupported) for "cuda" without a GPU or with a LibTorch that can't use one, and for float16 on the
// host; run() throws Error(kExhausted) when one sample does not fit. Throws when the weights are not those of
// the network (check_weights).
std::unique_ptr<Engine> make_torch_engine(const NetworkSpec& spec, const Weights& weights,
                                          const TorchEngineOptions& options = {});

}  // namespace hepar
