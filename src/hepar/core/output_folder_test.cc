// SPDX-License-Identifier: Apache-2.0
#include "hepar/core/output_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

class OutputFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("hepar_output_test_" + std::to_string(::getpid()));
    fs::remove_all(root_);
    make_folder(root_);
  }
  void TearDown() override { fs::remove_all(root_); }
  fs::path root_;
};

TEST_F(OutputFolderTest, FilesAppearOnCommit) {
  const fs::path target = root_ / "a" / "b";
  {
    OutputFolder out(target);
    write_text_file(out.staging() / "x.txt", "1");
    EXPECT_FALSE(fs::exists(target / "x.txt"));
    out.commit();
  }
  EXPECT_EQ(read_text_file(target / "x.txt"), "1");
  EXPECT_EQ(std::distance(fs::directory_iterator(target), fs::directory_iterator()), 1);
}

TEST_F(OutputFolderTest, WithoutCommitNothingStays) {
  {
    OutputFolder out(root_ / "a" / "b");
    write_text_file(out.staging() / "x.txt", "1");
  }
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_F(OutputFolderTest, AFolderThatWasThereKeepsItsFiles) {
  write_text_file(root_ / "mine.txt", "m");
  {
    OutputFolder out(root_);
    write_text_file(out.staging() / "x.txt", "1");
  }
  EXPECT_EQ(read_text_file(root_ / "mine.txt"), "m");
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), fs::directory_iterator()), 1);
}

TEST_F(OutputFolderTest, ResultsOfAnEarlierRunGo) {
  for (const char* name : {"labels", "lesions", "mine"}) write_text_file(root_ / name, "old");
  OutputFolder out(root_);
  write_text_file(out.staging() / "labels", "new");
  constexpr std::string_view kResults[] = {"labels", "lesions", "never"};
  out.commit(kResults);
  EXPECT_EQ(read_text_file(root_ / "labels"), "new");
  EXPECT_FALSE(fs::exists(root_ / "lesions"));
  EXPECT_TRUE(fs::exists(root_ / "mine"));
}

TEST_F(OutputFolderTest, AFileInTheWayIsRefused) {
  write_text_file(root_ / "a", "x");
  EXPECT_THROW(OutputFolder(root_ / "a" / "b"), Error);
  EXPECT_EQ(read_text_file(root_ / "a"), "x");
}

}  // namespace
}  // namespace hepar
