// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/run_lock.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "hepar/core/error.h"
#include "hepar/train/test_dataset.h"

namespace hepar {
namespace {

using std::chrono::milliseconds;

TEST(RunLock, KeepsASecondOneOut) {
  const testing::ScratchFolder folder("hepar_run_lock");
  const RunLock first(folder.path(), milliseconds(0));
  try {
    RunLock(folder.path(), milliseconds(0));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("another training writes to"), std::string::npos);
  }
}

TEST(RunLock, WaitsForTheFirstToEnd) {
  const testing::ScratchFolder folder("hepar_run_lock_wait");
  std::optional<RunLock> first(std::in_place, folder.path(), milliseconds(0));
  std::thread ends([&] {
    std::this_thread::sleep_for(milliseconds(100));
    first.reset();
  });
  EXPECT_NO_THROW(RunLock(folder.path(), milliseconds(60000)));
  ends.join();
}

TEST(RunLock, NamesAFolderThatIsNotThere) { EXPECT_THROW(RunLock("/nowhere/run", milliseconds(0)), Error); }

}  // namespace
}  // namespace hepar
