// SPDX-License-Identifier: Apache-2.0
// `hepar leakage` as a user runs it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "hepar/core/file.h"
#include "program_run.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

class LeakageCli : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    root() = fs::temp_directory_path() / ("hepar_leakage_cli_test_" + std::to_string(::getpid()));
    make_folder(root() / "empty");
    ASSERT_EQ(run("phantom -o " + path("train") + " --cases 2 --seed 8").status, 0);
    ASSERT_EQ(run("phantom -o " + path("other") + " --cases 1 --seed 9").status, 0);
    make_folder(root() / "test");
    fs::copy(root() / "train/imagesTr/phantom_001_0000.nii.gz", root() / "test/renamed.nii.gz");
  }
  static void TearDownTestSuite() { fs::remove_all(root()); }

  static fs::path& root() {
    static fs::path folder;
    return folder;
  }
  static std::string path(const std::string& name) { return (root() / name).string(); }
  static Outcome run(const std::string& arguments) {
    return run_program(HEPAR_BINARY " " + arguments, root());
  }
  static Outcome leakage(const std::string& train, const std::string& test, const std::string& more = "") {
    return run("leakage " + path(train) + " " + path(test) + " " + more);
  }
};

TEST_F(LeakageCli, TellsTheScanAndFailsOnlyWhenStrict) {
  const Outcome found = leakage("train", "test");
  EXPECT_EQ(found.status, 0) << found.err;
  EXPECT_NE(found.out.find("test/renamed is train/phantom_001: correlation 1.00"), std::string::npos)
      << found.out;
  EXPECT_NE(found.out.find("Leakage: 1 of 1 test scan is among 2 training scans."), std::string::npos)
      << found.out;
  const Outcome strict = leakage("train", "test", "--strict --json");
  EXPECT_EQ(strict.status, 2);
  EXPECT_EQ(nlohmann::json::parse(strict.out)["matches"].size(), 1U);
  const Outcome clean = leakage("train", "other", "--strict");
  EXPECT_EQ(clean.status, 0) << clean.err;
  EXPECT_NE(clean.out.find("No leakage found: none of 1 test scan is among 2 training scans"),
            std::string::npos);
}

TEST_F(LeakageCli, FailuresAreOneSentence) {
  const auto expect_refused = [](const Outcome& outcome, int status, const std::string& words) {
    EXPECT_EQ(outcome.status, status);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err;
  };
  expect_refused(leakage("nowhere", "test", "--quiet"), 3, "there is no " + path("nowhere"));
  expect_refused(leakage("empty", "test", "--quiet"), 3, "there is no scan in " + path("empty"));
  make_folder(root() / "broken");
  write_text_file(root() / "broken/a.nii.gz", "x");
  expect_refused(leakage("broken", "test", "--quiet"), 2,
                 "no scan of " + path("broken") + " can be compared");
  // Beside a good one the broken scan is named, and fails the run only when strict.
  fs::copy(root() / "test/renamed.nii.gz", root() / "broken/b.nii.gz");
  const Outcome outcome = leakage("broken", "other");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_NE(outcome.err.find("note: train/a was left out"), std::string::npos) << outcome.err;
  EXPECT_EQ(leakage("broken", "other", "--strict").status, 2);
}

}  // namespace
}  // namespace hepar
