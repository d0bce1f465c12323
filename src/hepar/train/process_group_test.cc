// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/process_group.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "hepar/core/error.h"

namespace hepar {
namespace {

class ProcessGroupTest : public ::testing::Test {
 protected:
  void TearDown() override {
    for (const char* name : kNames) ::unsetenv(name);
  }
  static constexpr const char* kNames[] = {
      "RANK",         "WORLD_SIZE",    "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "SLURM_PROCID",
      "SLURM_NTASKS", "SLURM_LOCALID", "MASTER_ADDR",          "MASTER_PORT"};
};

TEST_F(ProcessGroupTest, IsAloneWithoutALauncher) {
  const ProcessGroup group = process_group_of_environment();
  EXPECT_EQ(group.rank, 0);
  EXPECT_EQ(group.size, 1);
}

TEST_F(ProcessGroupTest, ReadsWhatLaunchersSet) {
  ::setenv("SLURM_PROCID", "3", 1);
  ::setenv("SLURM_NTASKS", "4", 1);
  ::setenv("SLURM_LOCALID", "1", 1);
  ::setenv("MASTER_ADDR", "node7", 1);
  ::setenv("MASTER_PORT", "1234", 1);
  const ProcessGroup group = process_group_of_environment();
  EXPECT_EQ(group.rank, 3);
  EXPECT_EQ(group.size, 4);
  EXPECT_EQ(group.local_rank, 1);
  EXPECT_EQ(group.host, "node7");
  EXPECT_EQ(group.port, 1234);
}

// A user who sets RANK inside an allocation means it.
TEST_F(ProcessGroupTest, PrefersTheExplicitOnes) {
  ::setenv("SLURM_PROCID", "3", 1);
  ::setenv("SLURM_NTASKS", "4", 1);
  ::setenv("RANK", "0", 1);
  ::setenv("WORLD_SIZE", "2", 1);
  EXPECT_EQ(process_group_of_environment().size, 2);
}

TEST_F(ProcessGroupTest, RefusesWhatIsNoNumber) {
  ::setenv("RANK", "first", 1);
  ::setenv("WORLD_SIZE", "2", 1);
  EXPECT_THROW(process_group_of_environment(), Error);
  ::setenv("RANK", "2", 1);
  EXPECT_THROW(process_group_of_environment(), Error);
  ::setenv("RANK", "1", 1);
  EXPECT_NO_THROW(process_group_of_environment());
  ::setenv("MASTER_PORT", "70000", 1);
  EXPECT_THROW(process_group_of_environment(), Error);
}

}  // namespace
}  // namespace hepar
