// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/cpu_engine.h"

#include <thread>

#include "hepar/core/parallel.h"
#include "hepar/nn/test_engine_conformance.h"
#include "hepar/nn_cpu/test_algorithms.h"
#include "hepar/nn_reference/reference_engine.h"

namespace hepar::conformance {
namespace {

EngineMaker maker_of(CpuAlgorithms algorithms) {
  return [algorithms](const NetworkSpec& spec, const Weights& weights) {
    return make_cpu_engine(spec, weights, {.algorithms = algorithms});
  };
}

std::vector<EngineUnderTest> engines() {
  std::vector<EngineUnderTest> list;
  for (const auto& [name, algorithms, share] : all_algorithms()) list.push_back({name, maker_of(algorithms)});
  return list;
}

std::vector<Agreement> agreements(CpuAlgorithms algorithms) {
  std::vector<Agreement> list;
  for (const auto& network : network_cases())
    list.push_back({maker_of(algorithms), &make_reference_engine, network});
  return list;
}

const auto kNetworkName = [](const auto& test) { return test.param.network.name; };
INSTANTIATE_TEST_SUITE_P(Cpu, EngineConformance, testing::ValuesIn(engines()),
                         [](const auto& test) { return test.param.name; });
INSTANTIATE_TEST_SUITE_P(Default, EngineAgreement, testing::ValuesIn(agreements(CpuAlgorithms::kDefault)),
                         kNetworkName);
INSTANTIATE_TEST_SUITE_P(Exact, EngineAgreement, testing::ValuesIn(agreements(CpuAlgorithms::kExact)),
                         kNetworkName);
INSTANTIATE_TEST_SUITE_P(OneDnn, EngineAgreement, testing::ValuesIn(agreements(CpuAlgorithms::kOneDnn)),
                         kNetworkName);

// Two folds of a model, and a third engine that needs more memory than they do.
TEST(CpuWorkspace, EnginesThatShareOneGiveWhatTheyGiveAlone) {
  const NetworkSpec spec = make_residual_spec({6, 8}), large_spec = make_spec({20, 24});
  const Tensor input = random_tensor({1, 1, 4, 4, 6}, 1), large = random_tensor({1, 1, 8, 8, 10}, 2);
  const Weights weights[] = {random_weights(spec, 3), random_weights(spec, 4)};
  const Weights large_weights = random_weights(large_spec, 5);
  const auto workspace = make_cpu_workspace();
  const auto first = make_cpu_engine(spec, weights[0], {.workspace = workspace});
  const auto second = make_cpu_engine(spec, weights[1], {.workspace = workspace});
  const auto third = make_cpu_engine(large_spec, large_weights, {.workspace = workspace});
  const Tensor alone[] = {make_cpu_engine(spec, weights[0])->run(input),
                          make_cpu_engine(spec, weights[1])->run(input)};
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(first->run(input).values, alone[0].values) << round;
    EXPECT_EQ(second->run(input).values, alone[1].values) << round;
    EXPECT_EQ(third->run(large).values, make_cpu_engine(large_spec, large_weights)->run(large).values);
  }
  EXPECT_NE(alone[0].values, alone[1].values);
}

TEST(CpuWorkspace, EnginesOnSeveralThreadsTakeTurns) {
  const NetworkSpec spec = make_spec({6, 8});
  const Tensor input = random_tensor({1, 1, 8, 8, 12}, 1);
  const auto workspace = make_cpu_workspace();
  std::vector<std::vector<float>> alone(3), together(3);
  for (std::size_t n = 0; n < 3; ++n)
    alone[n] = make_cpu_engine(spec, random_weights(spec, n))->run(input).values;
  std::vector<std::thread> threads;
  for (std::size_t n = 0; n < 3; ++n) {
    threads.emplace_back([&, n] {
      const auto engine = make_cpu_engine(spec, random_weights(spec, n), {.workspace = workspace});
      for (int round = 0; round < 20; ++round) together[n] = engine->run(input).values;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(together, alone);
}

// Each caller with a shape of its own, so that the engine plans again at every turn.
TEST(CpuEngine, IsSharedByCallersOnSeveralThreads) {
  const NetworkSpec spec = make_spec({6, 8});
  const auto engine = make_cpu_engine(spec, random_weights(spec, 1));
  std::vector<Tensor> inputs;
  std::vector<std::vector<float>> alone, together(4);
  for (std::int64_t n = 0; n < 4; ++n) {
    inputs.push_back(random_tensor({1, 1, 4 + 2 * (n / 2), 8, 12}, static_cast<std::uint64_t>(n)));
    alone.push_back(make_cpu_engine(spec, random_weights(spec, 1))->run(inputs.back()).values);
  }
  std::vector<std::thread> threads;
  for (std::size_t n = 0; n < 4; ++n) {
    threads.emplace_back([&, n] {
      for (int round = 0; round < 20; ++round) together[n] = engine->run(inputs[n]).values;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(together, alone);
}

struct ThreadCase {
  NetworkCase network;
  AlgorithmsUnderTest engine;
};
void PrintTo(const ThreadCase& test, std::ostream* out) {
  *out << test.engine.name << ' ' << test.network.name;
}

class CpuEngineThreads : public testing::TestWithParam<ThreadCase> {
 protected:
  void TearDown() override { set_thread_count(before_); }
  int before_ = thread_count();
};

TEST_P(CpuEngineThreads, GiveTheSameBytes) {
  const auto& [network, test] = GetParam();
  const auto engine = maker_of(test.algorithms)(network.spec, random_weights(network.spec, 3));
  const Tensor input = random_tensor(network.input, 4);
  set_thread_count(1);
  const Tensor one = engine->run(input);
  for (const int threads : {2, 3, 7}) {
    set_thread_count(threads);
    EXPECT_EQ(engine->run(input).values, one.values) << threads << " threads";
  }
}

std::vector<ThreadCase> thread_cases() {
  std::vector<NetworkCase> cases = network_cases();
  // Large enough for other ways of splitting the work, and for several chunks in every norm.
  cases.push_back({"demo_features", make_spec({16, 32, 64, 96, 128}), {1, 1, 32, 48, 32}});
  cases.push_back({"residual_features", make_residual_spec({16, 32, 64}), {1, 1, 32, 32, 24}});
  cases.push_back({"many_features", make_spec({32, 128, 320}, 1), {1, 1, 16, 16, 24}});
  std::vector<ThreadCase> list;
  for (const AlgorithmsUnderTest& engine : all_algorithms())
    for (const NetworkCase& network : cases) list.push_back({network, engine});
  return list;
}

INSTANTIATE_TEST_SUITE_P(Cpu, CpuEngineThreads, testing::ValuesIn(thread_cases()), [](const auto& test) {
  return test.param.engine.name + "_" + test.param.network.name;
});

}  // namespace
}  // namespace hepar::conformance
