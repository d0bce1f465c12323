// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "hepar/nn/engine.h"
#include "hepar/nn_torch/torch_network.h"

namespace hepar {

// Runs a network as it is at each call, on its own device and in its precision, without dropout and
// gradients: for validation while it trains. The network must outlive the engine, and stay on its device.
// Batches as make_torch_engine.
std::unique_ptr<Engine> engine_of(const TorchNetwork& network, std::int64_t most_samples = 1);

// Whether LibTorch says that the memory of the device or of the host is used up.
bool is_out_of_memory(const c10::Error& error);

// The outputs of the input's samples (axis 0), as many at a time as `samples`. Halves `samples` and tries
// again when `forward` finds its device's memory used up; Error(kExhausted) when it does with one sample.
using BatchForward = std::function<at::Tensor(const at::Tensor& samples)>;
at::Tensor forward_in_batches(const at::Tensor& input, std::int64_t& samples, const BatchForward& forward);

}  // namespace hepar
