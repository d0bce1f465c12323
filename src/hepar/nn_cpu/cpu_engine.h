// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hepar/nn/engine.h"
#include "hepar/tensors/weights.h"

namespace hepar {

// Memory for feature maps, empty until an engine runs and then as large as the largest shape run so far.
// The folds of a model run one after the other: engines made with one workspace need it only once. They take
// turns in it.
class CpuWorkspace;
std::shared_ptr<CpuWorkspace> make_cpu_workspace();

// The network in float32 on thread_count() threads; the same bytes for any number of threads. The first
// run on a shape, or after a change of the thread count, plans buffers and reorders the weights; later runs
// reuse the plan. Samples of a batch run one after the other.
// Memory: the weights twice, and in the workspace (without one, the engine has its own) 4 bytes x voxels of
// the input x (3 F0 + 2 F1 / 8 + 2 F2 / 64 + ...) for strides of 2 and features F0, F1, ... rounded up to
// the channel block (8, or 16 with AVX-512); residual encoders need no more.
// Throws when the weights are not those of the network (check_weights), Error(kExhausted) without memory.
std::unique_ptr<Engine> make_cpu_engine(const NetworkSpec& spec, Weights weights,
                                        std::shared_ptr<CpuWorkspace> workspace = nullptr);

}  // namespace hepar
