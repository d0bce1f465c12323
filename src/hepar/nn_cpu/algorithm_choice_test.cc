// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/algorithm_choice.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "hepar/core/file.h"
#include "hepar/nn_cpu/tuning_table.h"

namespace hepar::cpu {
namespace {
namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr TileRule kSingle = TileRule::kSingle, kF2 = TileRule::kF2, kF4 = TileRule::kF4,
                   kStrided = TileRule::kStrided;

ConvolutionShape shape_of(std::int64_t channels, const Size3& size, const Size3& kernel = {3, 3, 3},
                          const Size3& stride = {1, 1, 1}) {
  return {channels, channels, size, kernel, stride};
}

// A process has one table for a file, so that no two choices may share one.
class AlgorithmChoice : public testing::Test {
 protected:
  AlgorithmChoice() { fs::create_directories(folder_); }
  ~AlgorithmChoice() override { fs::remove_all(folder_); }

  fs::path new_file() {
    static int files = 0;
    return folder_ / (std::to_string(files++) + ".json");
  }
  // What is chosen where a file holds `choice`.
  Algorithm choose_with(const ConvolutionShape& shape, CpuAlgorithms algorithms, const std::string& key,
                        const std::string& choice) {
    const fs::path file = new_file();
    TuningTable table(file);
    table.find_or_make(key, [&](const std::string&) { return choice; });
    table.save();
    return choose_algorithm(shape, algorithms, file);
  }

 private:
  const fs::path folder_ =
      fs::temp_directory_path() / ("hepar_algorithm_choice_" + std::to_string(::getpid()));
};

constexpr const char* kKey = "default 32->32 of 16x16x16 kernel 3x3x3 stride 1x1x1";

// Three different ones, of which a trial could find one.
TEST_F(AlgorithmChoice, IsThatOfTheFile) {
  const ConvolutionShape shape = shape_of(32, {16, 16, 16});
  EXPECT_EQ(choose_with(shape, CpuAlgorithms::kDefault, kKey, "direct"), Algorithm{});
  EXPECT_EQ(choose_with(shape, CpuAlgorithms::kDefault, kKey, "winograd 1 1 1 96"),
            (Algorithm{true, {kF2, kF2, kF2}, 96}));
  EXPECT_EQ(choose_with(shape, CpuAlgorithms::kDefault, kKey, "winograd 2 2 2 48"),
            (Algorithm{true, {kF4, kF4, kF4}, 48}));
}

// Rules that do not fit, a group that is not tried, and no choice at all: decided by trial.
TEST_F(AlgorithmChoice, IgnoresWhatIsNoCandidate) {
  const ConvolutionShape shape = shape_of(16, {8, 8, 8});
  const std::string key = "default 16->16 of 8x8x8 kernel 3x3x3 stride 1x1x1";
  for (const char* choice : {"winograd 3 3 3 24", "winograd 0 0 0 24", "winograd 1 1 1 7", "winograd 9 9 9 9",
                             "winograd", "", "\xE2\x82\xAC"}) {
    const Algorithm chosen = choose_with(shape, CpuAlgorithms::kDefault, key, choice);
    if (!chosen.winograd) continue;
    EXPECT_TRUE(std::set<std::int64_t>({12, 24, 48, 96}).contains(chosen.group)) << choice;
    for (const TileRule rule : chosen.rules) EXPECT_TRUE(rule == kF2 || rule == kF4) << choice;
  }
}

TEST_F(AlgorithmChoice, HoldsForTheProcessAndIsKept) {
  const fs::path file = new_file();
  const ConvolutionShape shape = shape_of(16, {8, 8, 8});
  const Algorithm chosen = choose_algorithm(shape, CpuAlgorithms::kDefault, file);
  for (int time = 0; time < 3; ++time)
    EXPECT_EQ(choose_algorithm(shape, CpuAlgorithms::kDefault, file), chosen);
  tuning_table(file).save();
  const Json json = Json::parse(read_text_file(file));
  ASSERT_EQ(json["machines"].size(), 1u);
  const std::string choice = json["machines"].front()["default 16->16 of 8x8x8 kernel 3x3x3 stride 1x1x1"];
  EXPECT_EQ(choice.starts_with("winograd"), chosen.winograd) << choice;
}

TEST_F(AlgorithmChoice, OfExactNeverHasF4) {
  for (const std::int64_t channels : {16, 32, 64})
    for (const Size3& size : {Size3{4, 4, 4}, Size3{8, 8, 8}, Size3{16, 16, 16}, Size3{1, 32, 32}}) {
      const Algorithm chosen = choose_algorithm(shape_of(channels, size), CpuAlgorithms::kExact, {});
      EXPECT_EQ(std::count(chosen.rules.begin(), chosen.rules.end(), kF4), 0) << chosen.name();
    }
  const std::string key = "exact 32->32 of 16x16x16 kernel 3x3x3 stride 1x1x1";
  for (const char* choice : {"winograd 2 2 2 24", "winograd 1 2 2 24"}) {
    const Algorithm chosen = choose_with(shape_of(32, {16, 16, 16}), CpuAlgorithms::kExact, key, choice);
    EXPECT_EQ(std::count(chosen.rules.begin(), chosen.rules.end(), kF4), 0) << choice;
  }
}

// Of four outputs of a tile at most two would be used.
TEST_F(AlgorithmChoice, NeverHasF4AlongOneOrTwoVoxels) {
  for (const std::int64_t few : {1, 2}) {
    const std::string key = "default 32->32 of " + std::to_string(few) + "x16x16 kernel 3x3x3 stride 1x1x1";
    const Algorithm all =
        choose_with(shape_of(32, {few, 16, 16}), CpuAlgorithms::kDefault, key, "winograd 2 2 2 24");
    EXPECT_NE(all.rules[0], kF4);
    const Algorithm some =
        choose_with(shape_of(32, {few, 16, 16}), CpuAlgorithms::kDefault, key, "winograd 1 2 2 24");
    EXPECT_EQ(some, (Algorithm{true, {kF2, kF4, kF4}, 24}));
  }
}

// Kernels of 1 and strides have one rule each; no rule at all: direct loops.
TEST_F(AlgorithmChoice, TakesTheRulesThatFit) {
  const auto with = [&](const Size3& kernel, const Size3& stride, const std::string& name,
                        const std::string& choice) {
    return choose_with(shape_of(16, {8, 8, 8}, kernel, stride), CpuAlgorithms::kDefault,
                       "default 16->16 of 8x8x8 kernel " + name, choice);
  };
  EXPECT_EQ(with({1, 3, 3}, {1, 2, 2}, "1x3x3 stride 1x2x2", "winograd 0 3 3 12"),
            (Algorithm{true, {kSingle, kStrided, kStrided}, 12}));
  EXPECT_FALSE(with({5, 3, 3}, {1, 1, 1}, "5x3x3 stride 1x1x1", "winograd 1 1 1 24").winograd);
  EXPECT_FALSE(with({1, 1, 1}, {1, 1, 1}, "1x1x1 stride 1x1x1", "winograd 0 0 0 24").winograd);
  EXPECT_FALSE(with({3, 3, 3}, {3, 1, 1}, "3x3x3 stride 3x1x1", "winograd 3 1 1 24").winograd);
}

// 320 x 320 channels: 216 weights of F(4,3) for each pair are 22.1 million, 64 of F(2,3) are 6.6 million; the
// limit is 8.4 million. 384 x 384 channels: 9.4 million of F(2,3), so that direct loops remain.
TEST_F(AlgorithmChoice, KeepsWithinTheLimitOfWeights) {
  const auto with = [&](std::int64_t channels, const std::string& choice) {
    const std::string count = std::to_string(channels);
    return choose_with(shape_of(channels, {4, 4, 4}), CpuAlgorithms::kDefault,
                       "default " + count + "->" + count + " of 4x4x4 kernel 3x3x3 stride 1x1x1", choice);
  };
  EXPECT_NE(with(320, "winograd 2 2 2 24").rules, (TileRules{kF4, kF4, kF4}));
  EXPECT_EQ(with(320, "winograd 1 1 1 48"), (Algorithm{true, {kF2, kF2, kF2}, 48}));
  EXPECT_EQ(with(384, "winograd 1 1 1 24"), Algorithm{});
}

}  // namespace
}  // namespace hepar::cpu
