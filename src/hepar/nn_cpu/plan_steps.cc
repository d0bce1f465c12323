// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/plan_steps.h"

namespace hepar::cpu {

void PlanSteps::add(std::string name, std::string algorithm, double gflop,
                    std::initializer_list<PlanMaps> needed, std::function<void(const RunMemory&)> run) {
  for (const PlanMaps& maps : needed) {
    if (maps.map) arena_.use(*maps.map, steps_.size());
    if (maps.is_pending()) arena_.use(maps.norm->factors, steps_.size());
  }
  steps_.push_back({std::move(name), std::move(algorithm), gflop, std::move(run)});
}

void PlanSteps::apply_norm(const std::string& name, const PlanMaps& maps) {
  if (!maps.is_pending()) return;
  add("norm before " + name, "norm", 0, {maps},
      [norm = maps.norm->norm, factors = norm_reader(maps), maps = writer(maps)](const RunMemory& memory) {
        norm->apply(factors(memory).factors, maps(memory));
      });
  maps.norm->applied = true;
}

// The arena knows the places once the plan is whole.
std::function<const float*(const RunMemory&)> PlanSteps::reader(const PlanMaps& maps) const {
  if (!maps.map) return [](const RunMemory& memory) { return memory.input; };
  return writer(maps);
}

std::function<float*(const RunMemory&)> PlanSteps::writer(const PlanMaps& maps) const {
  if (!maps.map) return [](const RunMemory&) { return nullptr; };
  return [arena = &arena_, map = *maps.map, offset = maps.offset](const RunMemory& memory) {
    return memory.work + arena->offset(map) + offset;
  };
}

std::function<InputNorm(const RunMemory&)> PlanSteps::norm_reader(const PlanMaps& maps) const {
  if (!maps.is_pending()) return [](const RunMemory&) { return InputNorm{}; };
  return [arena = &arena_, norm = maps.norm](const RunMemory& memory) -> InputNorm {
    return {memory.work + arena->offset(norm->factors), norm->norm->slope()};
  };
}

}  // namespace hepar::cpu
