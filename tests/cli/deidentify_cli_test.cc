// SPDX-License-Identifier: Apache-2.0
// `hepar deidentify` as a user runs it.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "hepar/core/file.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/ct_writer.h"
#include "program_run.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

class DeidentifyCli : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("hepar_deidentify_cli_test_" + std::to_string(::getpid()));
    fs::remove_all(root_);
    const CtVolume ct({{6, 4, 3}, {1, 1, 5}, {0, 0, 0}, Mat3::identity()});
    write_ct_series(root_ / "ct", ct, {"SECRET", "SECRET^NAME", "SECRET", "seed"});
    write_text_file(root_ / "key", "sixteen bytes and more\n");
  }
  void TearDown() override { fs::remove_all(root_); }
  std::string path(const std::string& name) const { return (root_ / name).string(); }
  Outcome run(const std::string& arguments) const {
    return run_program(std::string(HEPAR_BINARY " deidentify ").append(arguments), root_);
  }

  fs::path root_;
};

TEST_F(DeidentifyCli, WritesTheSameWithOneKeyFile) {
  const Outcome first = run(path("ct") + " -o " + path("a") + " --key-file " + path("key"));
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("3 files written"));
  const Outcome second = run(path("ct") + " -o " + path("b") + " --json --key-file " + path("key"));
  EXPECT_EQ(nlohmann::json::parse(second.out)["written"], 3);
  EXPECT_EQ(read_ct_grid(root_ / "a").series_uid, read_ct_grid(root_ / "b").series_uid);
  for (const Outcome& outcome : {first, second})
    EXPECT_EQ(outcome.out.find("SECRET") + outcome.err.find("SECRET"), 2 * std::string::npos);
}

TEST_F(DeidentifyCli, RefusesEmptyKeysAndFoldersWithNothingThatCanBeTaken) {
  write_text_file(root_ / "empty", "");
  const Outcome empty = run(path("ct") + " -o " + path("a") + " --key-file " + path("empty"));
  EXPECT_EQ(empty.status, 2);
  EXPECT_THAT(empty.err, HasSubstr("is empty"));
  for (const auto& entry : fs::directory_iterator(root_ / "ct")) fs::resize_file(entry.path(), 200);
  const Outcome damaged = run(path("ct") + " -o " + path("a"));
  EXPECT_EQ(damaged.status, 4);
  EXPECT_THAT(damaged.err, HasSubstr("none of the 3 DICOM files"));
}

}  // namespace
}  // namespace hepar
