// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hepar/cpu_kernels/convolution.h"
#include "hepar/nn_cpu/instance_norm.h"
#include "hepar/nn_cpu/map_arena.h"

namespace hepar::cpu {

// Where a plan's maps lie during a run, and the caller's tensors.
struct RunMemory {
  float* work;         // as long as the arena
  const float* input;  // (channels, D, H, W)
  float* logits;       // (heads, D, H, W)
};

struct PlanStep {
  std::string name, algorithm;
  double gflop;
  std::function<void(const RunMemory&)> run;
};

// A norm whose factors are known, but which the maps have not gone through yet: convolutions that can take
// it with their inputs do, which saves a pass over memory.
struct PendingNorm {
  std::shared_ptr<const InstanceNorm> norm;
  MapArena::Map factors;
  bool applied = false;
};

// Feature maps: the network's input as the caller gave it, or some of the arena's.
struct PlanMaps {
  std::optional<MapArena::Map> map;
  std::int64_t offset = 0;  // floats
  std::shared_ptr<PendingNorm> norm = nullptr;

  bool is_pending() const { return norm && !norm->applied; }
};

// Steps in the order they run, and the maps that each needs.
class PlanSteps {
 public:
  PlanSteps(MapArena& arena, std::vector<PlanStep>& steps) : arena_(arena), steps_(steps) {}

  PlanMaps add_maps(std::int64_t count) { return {arena_.add(count), 0}; }
  // Appends a step that needs these maps.
  void add(std::string name, std::string algorithm, double gflop, std::initializer_list<PlanMaps> needed,
           std::function<void(const RunMemory&)> run);
  // Has the maps go through what is pending; `name` is the layer's that needs it.
  void apply_norm(const std::string& name, const PlanMaps& maps);

  // Where maps lie in a run, null for none to write, and the norm that they are still to go through.
  std::function<const float*(const RunMemory&)> reader(const PlanMaps& maps) const;
  std::function<float*(const RunMemory&)> writer(const PlanMaps& maps) const;
  std::function<InputNorm(const RunMemory&)> norm_reader(const PlanMaps& maps) const;

 private:
  MapArena& arena_;
  std::vector<PlanStep>& steps_;
};

}  // namespace hepar::cpu
