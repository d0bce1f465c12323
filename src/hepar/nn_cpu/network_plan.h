// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hepar/cpu_kernels/convolution.h"
#include "hepar/nn/network_spec.h"
#include "hepar/nn/tensor.h"
#include "hepar/nn_cpu/cpu_engine.h"
#include "hepar/nn_cpu/map_arena.h"
#include "hepar/tensors/weights.h"

namespace hepar::cpu {

// Where the plan's maps lie during a run, and the caller's tensors.
struct RunMemory {
  float* work;         // work_count() floats
  const float* input;  // (channels, D, H, W)
  float* logits;       // (heads, D, H, W)
};

// All that is made for one network and input shape: steps in order, their transformed weights, and a place
// for each feature map. Nothing is copied to concatenate: a convolution takes the upsampled and the skipped
// maps as two parts, and the former are made slab by slab as they are needed, so that they are never whole.
class NetworkPlan {
 public:
  // Every convolution and transposed convolution has a bias (add_zero_biases).
  NetworkPlan(const NetworkSpec& spec, const Weights& weights, const TensorShape& shape,
              const CpuEngineOptions& options);
  NetworkPlan(const NetworkPlan&) = delete;
  NetworkPlan& operator=(const NetworkPlan&) = delete;

  std::int64_t work_count() const { return arena_.total(); }
  void run(const RunMemory& memory) const;
  std::vector<LayerProfile> profile(const RunMemory& memory) const;

 private:
  friend class PlanBuilder;
  struct Step {
    std::string name, algorithm;
    double gflop;
    std::function<void(const RunMemory&)> run;
  };

  MapArena arena_;
  std::vector<Step> steps_;
};

}  // namespace hepar::cpu
