// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hepar/nn/engine.h"
#include "hepar/tensors/weights.h"

namespace hepar {

// Memory for feature maps, empty until an engine runs and then as large as the largest shape run so far.
// The folds of a model run one after the other: engines made with one workspace need it only once. They take
// turns in it.
class CpuWorkspace;
std::shared_ptr<CpuWorkspace> make_cpu_workspace();

// How the convolutions are computed.
//   kDefault  the fastest for each layer: Winograd's F(4,3) and F(2,3), direct loops
//   kExact    without F(4,3), whose rounding errors are some three times those of direct loops
//   kOneDnn   by oneDNN's direct convolution where it has one, to compare with
enum class CpuAlgorithms { kDefault, kExact, kOneDnn };

struct CpuEngineOptions {
  CpuAlgorithms algorithms = CpuAlgorithms::kDefault;
  std::shared_ptr<CpuWorkspace> workspace = nullptr;  // null: the engine has its own
  // Where the choice of each layer's algorithm is kept for the next process; empty: nowhere. A file that
  // can't be read or written is no error: the choice is made anew, in a second or two.
  std::filesystem::path tuning_file = {};
};

struct LayerProfile {
  std::string name;       // nnU-Net's, "encoder.stages.0.0.convs.1.conv", and what else the step does
  std::string algorithm;  // "direct", "winograd 4x4x4", "norm", ...
  double gflop;  // 2 for each multiply-add of the layer's definition, whatever the algorithm; 0 for norms
  double seconds;
};

class CpuEngine : public Engine {
 public:
  // One run, layer by layer; the errors of run().
  virtual std::vector<LayerProfile> profile(const Tensor& input) = 0;
};

// The network in float32 on thread_count() threads. The first run on a shape plans buffers, chooses
// algorithms and transforms the weights; later runs reuse the plan. Samples of a batch run one after the
// other. Callers on several threads take turns. The same bytes for any number of threads: always with kExact,
// and with kDefault once the algorithms are chosen, that is in one process or with one tuning file. Memory
// besides the workspace: the weights as they are and transformed, up to 8 times as large, and on each thread
// some megabytes that stay for its next layer. Throws when the weights are not those of the network
// (check_weights), Error(kExhausted) without memory.
std::unique_ptr<CpuEngine> make_cpu_engine(const NetworkSpec& spec, Weights weights,
                                           CpuEngineOptions options = {});

}  // namespace hepar
