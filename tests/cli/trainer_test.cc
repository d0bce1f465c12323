// SPDX-License-Identifier: Apache-2.0
#include "trainer.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "child_processes.h"
#include "hepar/core/file.h"
#include "hepar/core/parallel.h"

namespace hepar {
namespace {
using testing::ElementsAre;

struct Watcher final : Progress {
  explicit Watcher(bool stop = false) : stop_(stop) {}
  void update(std::string_view, double) override {}
  bool cancelled() const override { return stop_; }
  bool stop_;
};

TEST(TrainerArguments, OfAStart) {
  set_thread_count(6);
  TrainerCall call;
  call.run = "run";
  call.fold = 2;
  call.preprocessed = "pre/3d_fullres";
  call.initial_model = "model";
  call.recipe = {"--config", "small", "--epochs", "3"};
  call.kernels = "libtorch";
  call.workers = 3;
  call.processes = 2;
  call.quiet = true;
  EXPECT_THAT(trainer_arguments(call),
              ElementsAre("pre/3d_fullres", "-o", "run", "--splits", "run/splits_final.json",
                          "--configuration", "3d_fullres", "--init", "model", "--fold", "2", "--device",
                          "cpu", "--threads", "3", "--kernels", "libtorch", "--workers", "3", "--quiet",
                          "--config", "small", "--epochs", "3"));
}

TEST(TrainerArguments, OfAResumedRunAreWhatItDoesNotKnow) {
  set_thread_count(1);
  TrainerCall call;
  call.run = "run";
  call.resume = true;
  call.device = "cuda";
  call.processes = 2;
  call.recipe = {"--epochs", "3"};
  EXPECT_THAT(trainer_arguments(call), ElementsAre("--resume", "run", "--fold", "0", "--device", "cuda",
                                                   "--threads", "1", "--epochs", "3"));
}

TEST(ChildProcesses, EndWellTogether) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("hepar_trainer_test_" + std::to_string(::getpid()));
  make_folder(folder);
  ChildProcesses children("/bin/sh");
  for (const std::string rank : {"0", "1"})
    children.start({"-c", "echo $WHICH > " + (folder / rank).string()}, {{"WHICH", "rank " + rank}});
  EXPECT_TRUE(children.wait(Watcher()).well());
  EXPECT_EQ(read_text_file(folder / "0"), "rank 0\n");
  EXPECT_EQ(read_text_file(folder / "1"), "rank 1\n");
  std::filesystem::remove_all(folder);
}

// Without that the test would never end: the others sleep for a day.
TEST(ChildProcesses, AreStoppedWhenOneFails) {
  ChildProcesses children("/bin/sh");
  children.start({"-c", "exec sleep 86400"}, {});
  children.start({"-c", "exit 5"}, {});
  children.start({"-c", "exec sleep 86400"}, {});
  const ChildEnd end = children.wait(Watcher());
  EXPECT_EQ(end.exit_status, 5);
  EXPECT_EQ(end.signal, 0);
}

TEST(ChildProcesses, AreStoppedWhenTheUserWantsIt) {
  ChildProcesses children("/bin/sh");
  children.start({"-c", "exec sleep 86400"}, {});
  const ChildEnd end = children.wait(Watcher(true));
  EXPECT_EQ(end.signal, SIGTERM);
  EXPECT_FALSE(end.killed());
}

TEST(ChildProcesses, AMissingProgramIsMissing) {
  ChildProcesses children("/bin/no_such_program");
  children.start({}, {});
  EXPECT_EQ(children.wait(Watcher()).exit_status, 3);
}

TEST(FreeLocalPort, IsAPort) {
  const int port = free_local_port();
  EXPECT_GT(port, 0);
  EXPECT_LT(port, 65536);
}

}  // namespace
}  // namespace hepar
