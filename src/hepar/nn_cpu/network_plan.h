// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/nn/network_spec.h"
#include "hepar/nn/tensor.h"
#include "hepar/nn_cpu/cpu_engine.h"
#include "hepar/nn_cpu/map_arena.h"
#include "hepar/nn_cpu/plan_steps.h"
#include "hepar/tensors/weights.h"

namespace hepar::cpu {

// All that is made for one network and input shape: steps in order, their transformed weights, and a place
// for each feature map. Nothing is copied to concatenate: a convolution takes the upsampled and the skipped
// maps as two parts, and the former are made slab by slab as they are needed, so that they are never whole.
class NetworkPlan {
 public:
  // Every convolution and transposed convolution has a bias (add_zero_biases). Slabs hold about `slab_floats`
  // values, at least one step of planes of their convolution; their size changes no result. 8 MiB were a
  // little faster than 24 MiB, which caches hold less of though the edges of fewer slabs are upsampled twice.
  NetworkPlan(const NetworkSpec& spec, const Weights& weights, const TensorShape& shape,
              const CpuEngineOptions& options, std::int64_t slab_floats = std::int64_t{2} << 20);
  NetworkPlan(const NetworkPlan&) = delete;
  NetworkPlan& operator=(const NetworkPlan&) = delete;

  std::int64_t work_count() const { return arena_.total(); }
  void run(const RunMemory& memory) const;
  std::vector<LayerProfile> profile(const RunMemory& memory) const;

 private:
  MapArena arena_;
  std::vector<PlanStep> steps_;
};

}  // namespace hepar::cpu
