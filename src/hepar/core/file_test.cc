// SPDX-License-Identifier: Apache-2.0
#include "hepar/core/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "hepar/core/error.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("hepar_file_test_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    make_folder(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  long entries() const { return std::distance(fs::directory_iterator(folder_), fs::directory_iterator()); }
  fs::path folder_;
};

TEST_F(FileTest, WritesAndReadsBack) {
  write_text_file(folder_ / "a.txt", "hello");
  EXPECT_EQ(read_text_file(folder_ / "a.txt"), "hello");
  EXPECT_EQ(entries(), 1);
}

TEST_F(FileTest, UncommittedLeavesNothing) {
  {
    AtomicFile file(folder_ / "a.nii.gz");
    EXPECT_TRUE(file.temporary().string().ends_with(".nii.gz"));
    const std::string text = "half";
    file.write(std::as_bytes(std::span(text)));
    EXPECT_EQ(entries(), 1);
  }
  EXPECT_EQ(entries(), 0);
}

TEST_F(FileTest, FileSizeLimitIsExhaustedAndLeavesNothing) {
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{100, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  try {
    write_text_file(folder_ / "a.txt", std::string(1000, 'x'));
    ADD_FAILURE() << "no exception";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kExhausted);
  }
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(entries(), 0);
}

TEST_F(FileTest, MissingFolderIsMissing) {
  try {
    write_text_file(folder_ / "no" / "a.txt", "x");
    ADD_FAILURE() << "no exception";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMissing);
  }
}

TEST_F(FileTest, ReadingRefusesWhatIsTooLarge) {
  write_text_file(folder_ / "a.txt", std::string(11, 'x'));
  EXPECT_THROW(read_text_file(folder_ / "a.txt", 10), Error);
  EXPECT_THROW(read_text_file(folder_ / "none.txt"), Error);
}

TEST_F(FileTest, MakeFolderRefusesAFileOfThatName) {
  write_text_file(folder_ / "a", "x");
  EXPECT_THROW(make_folder(folder_ / "a"), Error);
}

TEST_F(FileTest, LastNameIsTheSameHoweverAPathIsWritten) {
  for (const char* path : {"a/out", "a/out/", "a/out/.", "a/b/../out", "/out"})
    EXPECT_EQ(last_name(path), "out");
  EXPECT_EQ(last_name("a/x.nii.gz"), "x.nii.gz");
  EXPECT_EQ(last_name("."), fs::current_path().filename().string());
}

}  // namespace
}  // namespace hepar
