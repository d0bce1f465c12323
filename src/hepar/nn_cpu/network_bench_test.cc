// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/network_bench.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "hepar/core/parallel.h"
#include "hepar/core/test_error.h"
#include "hepar/cpu_kernels/instruction_set.h"
#include "hepar/nn/network_work.h"
#include "hepar/nn/test_networks.h"

namespace hepar {
namespace {
using nlohmann::json;
using testing::HasSubstr;

NetworkBench made_up() {
  NetworkBench bench;
  bench.options.patch = {8, 16, 32};
  bench.options.algorithms = CpuAlgorithms::kExact;
  bench.options.repeats = 3;
  bench.layers = {{"encoder.stages.0.0.convs.0.conv", "direct", 3, 0.5},
                  {"encoder.stages.0.0.convs.0.norm", "norm", 0, 0.25}};
  bench.seconds = 0.8;
  bench.cpu_seconds = 1.5;
  bench.gflop = 4;
  bench.peak_gflops = 10;
  bench.threads = 2;
  return bench;
}

TEST(NetworkBench, IsADocument) {
  const json document = json::parse(network_bench_json(made_up()));
  EXPECT_EQ(document.at("format"), "hepar.network-bench/1");
  EXPECT_EQ(document.at("engine"), "exact");
  EXPECT_EQ(document.at("patch"), json({8, 16, 32}));
  EXPECT_EQ(document.at("machine"),
            json({{"instruction_set", cpu::name_of(cpu::instruction_set())}, {"threads", 2}}));
  EXPECT_EQ(document.at("layers").at(0), json({{"name", "encoder.stages.0.0.convs.0.conv"},
                                               {"algorithm", "direct"},
                                               {"seconds", 0.5},
                                               {"gflop", 3.0},
                                               {"effective_gflops", 6.0}}));
  EXPECT_EQ(document.at("layers").at(1).at("effective_gflops"), nullptr);
  EXPECT_EQ(document.at("total"), json({{"seconds", 0.8},
                                        {"cpu_seconds", 1.5},
                                        {"gflop", 4.0},
                                        {"effective_gflops", 5.0},
                                        {"peak_gflops", 10.0}}));
}

TEST(NetworkBench, IsATable) {
  const std::string text = network_bench_text(made_up());
  // 0.5 of 0.8 s, 6 of 10 GFLOP/s.
  EXPECT_THAT(text, HasSubstr("direct                  500.00   62.5     3.000       6.0     60\n"));
  // 4 GFLOP in 0.8 s.
  EXPECT_THAT(text, HasSubstr("exact                   800.00  100.0     4.000       5.0     50\n"));
  EXPECT_THAT(text, HasSubstr("8 x 16 x 32 voxels, threads: 2"));
}

class NetworkBenchOf : public testing::TestWithParam<CpuAlgorithms> {};

TEST_P(NetworkBenchOf, ANetworkAddsUpItsLayers) {
  const NetworkSpec spec = make_plain_spec({8, 16, 24});
  const NetworkBench bench = bench_network(spec, random_weights(spec, 1),
                                           {.patch = {8, 12, 16}, .repeats = 2, .algorithms = GetParam()});
  EXPECT_EQ(bench.threads, thread_count());
  EXPECT_GT(bench.seconds, 0);
  EXPECT_GT(bench.cpu_seconds, 0);
  EXPECT_GT(bench.peak_gflops, 0);
  double gflop = 0;
  std::size_t convolutions = 0;
  for (const LayerProfile& layer : bench.layers) {
    gflop += layer.gflop;
    convolutions += layer.gflop > 0 ? 1 : 0;
    EXPECT_GE(layer.seconds, 0) << layer.name;
    EXPECT_FALSE(layer.algorithm.empty()) << layer.name;
  }
  // Ten convolutions, two transposed ones and the head. Of ours, a transposed one runs slab by slab with the
  // convolution after it.
  EXPECT_EQ(convolutions, GetParam() == CpuAlgorithms::kOneDnn ? 13u : 11u);
  EXPECT_NEAR(gflop, gflop_of(spec, {8, 12, 16}), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Cpu, NetworkBenchOf,
                         testing::Values(CpuAlgorithms::kDefault, CpuAlgorithms::kExact,
                                         CpuAlgorithms::kOneDnn),
                         [](const auto& test) {
                           return test.param == CpuAlgorithms::kDefault ? "default"
                                  : test.param == CpuAlgorithms::kExact ? "exact"
                                                                        : "onednn";
                         });

TEST(NetworkBench, RefusesAPatchThatDoesNotFit) {
  const NetworkSpec spec = make_plain_spec({8, 16});
  EXPECT_THAT(error_of(ErrorCode::kInvalidInput,
                       [&] {
                         bench_network(spec, random_weights(spec, 1), {.patch = {8, 8, 9}});
                       }),
              HasSubstr("1 x 1 x 8 x 8 x 9"));
}

}  // namespace
}  // namespace hepar
