// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/network_plan.h"

#include <gtest/gtest.h>

#include "hepar/cpu_kernels/blocked_maps.h"
#include "hepar/nn/engine.h"
#include "hepar/nn/random_network.h"
#include "hepar/nn/test_networks.h"

namespace hepar::cpu {
namespace {

// The logits of the first sample.
std::vector<float> run(const conformance::NetworkCase& network, CpuAlgorithms algorithms,
                       std::int64_t slab_floats) {
  Weights weights = random_weights(network.spec, 1);
  add_zero_biases(network.spec, weights);
  const Tensor input = conformance::random_tensor(network.input, 2);
  const NetworkPlan plan(network.spec, weights, network.input, {.algorithms = algorithms}, slab_floats);
  const AlignedFloats work = make_aligned(plan.work_count());
  std::vector<float> logits(static_cast<std::size_t>(network.spec.heads * network.input.voxels()));
  plan.run({work.get(), input.values.data(), logits.data()});
  return logits;
}

// Engines with whole maps in one slab are compared with the oracle in cpu_engine_test.cc. Here each slab is
// one step of planes, so that all have neighbours and the last may be a part of a step.
TEST(NetworkPlan, GivesTheSameBytesInManySlabs) {
  for (const conformance::NetworkCase& network : conformance::network_cases()) {
    for (const CpuAlgorithms algorithms : {CpuAlgorithms::kDefault, CpuAlgorithms::kExact})
      EXPECT_EQ(run(network, algorithms, 1), run(network, algorithms, std::int64_t{1} << 40)) << network.name;
  }
}

}  // namespace
}  // namespace hepar::cpu
