// SPDX-License-Identifier: Apache-2.0
// `hepar bench network` as a user runs it, and the choice of the engine.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "program_run.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

class BenchCli : public testing::Test {
 protected:
  BenchCli() : root_(fs::temp_directory_path() / ("hepar_bench_cli_test_" + std::to_string(::getpid()))) {
    make_folder(root_);
  }
  ~BenchCli() override { fs::remove_all(root_); }
  // `before` is shell text in front of the program.
  Outcome run(const std::string& arguments, const std::string& before = "") const {
    return run_program(before + " " HEPAR_BINARY " " + arguments, root_);
  }
  std::string cache() const { return "XDG_CACHE_HOME=" + root_.string(); }
  fs::path root_;
};

constexpr const char* kSmall = "bench network --features 8,16 --patch 8,16,12 --repeats 1 --json --threads 1";

TEST_F(BenchCli, TimesANetworkOfRandomWeights) {
  for (const std::string engine : {"default", "exact", "onednn"}) {
    const Outcome outcome = run(kSmall + (" --engine " + engine), cache());
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const json document = json::parse(outcome.out);
    EXPECT_EQ(document["engine"], engine);
    EXPECT_EQ(document["patch"], json({8, 16, 12}));
    EXPECT_EQ(document["machine"]["threads"], 1);
    // Voxels 1536, below 192; products: 27 x (8 + 64 + 128 + 64) x 1536, 27 x (128 + 256) x 192, upwards
    // 8 x 128 x 192, heads 8 x 3 x 1536.
    EXPECT_NEAR(document["total"]["gflop"].get<double>(), 2e-9 * 13'172'736, 1e-12);
    EXPECT_GT(document["total"]["seconds"].get<double>(), 0);
  }
}

TEST_F(BenchCli, TimesAModelOnItsOwnPatch) {
  const Outcome outcome = run("bench network -m " HEPAR_MODEL " --repeats 1 --threads 2", cache());
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("64 x 64 x 64 voxels, threads: 2"));
}

TEST_F(BenchCli, KeepsTheChoiceOfAlgorithmsInTheCacheFolder) {
  ASSERT_EQ(run(kSmall, cache()).status, 0);
  EXPECT_TRUE(fs::exists(root_ / "hepar/tuning.json"));
  ASSERT_EQ(run(kSmall, "env -u XDG_CACHE_HOME HOME=" + (root_ / "home").string()).status, 0);
  EXPECT_TRUE(fs::exists(root_ / "home/.cache/hepar/tuning.json"));
  EXPECT_EQ(run(kSmall, "env -u XDG_CACHE_HOME -u HOME").status, 0);
}

TEST_F(BenchCli, RefusesWhatIsNoNetwork) {
  const auto expect_refused = [&](const std::string& arguments, const std::string& words) {
    const Outcome outcome = run(arguments, cache());
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(words));
  };
  expect_refused("bench network --patch 8,16", "give one or three");
  expect_refused("bench network --features 8,16 --patch 9", "multiples of 2, 2 and 2");
  expect_refused("bench network --features 8,16 -m " HEPAR_MODEL, "--features");
  expect_refused("bench network --engine fastest", "--engine");
  expect_refused("segment CT -o OUT --engine onednn", "--engine");
  expect_refused("bench", "subcommand");
}

}  // namespace
}  // namespace hepar
