// SPDX-License-Identifier: Apache-2.0
// Runs hepar-train as a user, a scheduler and an accident do.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "hepar/core/file.h"
#include "hepar/core/random.h"
#include "hepar/train/test_dataset.h"
#include "program_run.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

class TrainProgram : public ::testing::Test {
 protected:
  TrainProgram() { testing::write_dataset(path("data"), 3); }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string fold_file(const std::string& run, const std::string& name) const {
    return path(run) + "/fold_0/" + name;
  }

  // `before` is shell text in front of the program.
  Outcome run(const std::string& arguments, const std::string& before = "") const {
    return run_program(before + HEPAR_TRAIN " " + arguments, folder_.path());
  }

  // Starts the program in the background.
  pid_t start(const std::vector<std::string>& arguments,
              const std::vector<std::string>& environment = {}) const {
    const pid_t child = ::fork();
    if (child != 0) return child;
    const int sink = ::open(path("background.txt").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    ::dup2(sink, 1);
    ::dup2(sink, 2);
    for (const std::string& setting : environment) ::putenv(const_cast<char*>(setting.c_str()));
    std::vector<char*> argv{const_cast<char*>(HEPAR_TRAIN)};
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    ::execv(HEPAR_TRAIN, argv.data());
    ::_exit(127);
  }
  // Until the run has begun; false when the program ends before.
  bool wait_for_begin(pid_t child, const std::string& run) const {
    while (!fs::exists(fold_file(run, "training.json"))) {
      siginfo_t ended{};
      if (::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 ||
          ended.si_pid != 0)
        return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  static int wait_for(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  // A short training; `more` are further options and others than kShort's, each with its value.
  std::vector<std::string> new_run(const std::string& run, const std::vector<std::string>& more = {}) const {
    std::map<std::string, std::string> options(kShort.begin(), kShort.end());
    for (std::size_t n = 0; n + 1 < more.size(); n += 2) options[more[n]] = more[n + 1];
    std::vector<std::string> arguments{path("data"), "-o", path(run)};
    for (const auto& [option, value] : options) arguments.insert(arguments.end(), {option, value});
    return arguments;
  }
  static std::string joined(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& word : words) line += word + " ";
    return line;
  }
  std::vector<double> losses(const std::string& run) const {
    std::vector<double> values;
    std::istringstream lines(read_text_file(fold_file(run, "metrics.jsonl")));
    for (std::string line; std::getline(lines, line);)
      values.push_back(nlohmann::json::parse(line).at("loss").get<double>());
    return values;
  }

  inline static const std::map<std::string, std::string> kShort{{"--config", "nnunet"},
                                                                {"--epochs", "6"},
                                                                {"--iterations", "4"},
                                                                {"--validation-iterations", "1"},
                                                                {"--threads", "1"}};
  testing::ScratchFolder folder_{"hepar_train_program"};
};

TEST_F(TrainProgram, MakesAModelFolder) {
  const Outcome outcome = run(joined(new_run("run")));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  for (const char* name :
       {"checkpoint_latest.safetensors", "checkpoint_best.safetensors", "checkpoint_final.safetensors",
        "metrics.jsonl", "progress.svg", "training.json", "validation_preprocessed/summary.json"}) {
    EXPECT_TRUE(fs::exists(fold_file("run", name))) << name;
  }
  EXPECT_EQ(losses("run").size(), 6U);
  EXPECT_NE(outcome.out.find("epoch 6 of 6: loss"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("Validation on the preprocessed grid:"), std::string::npos) << outcome.out;
  const ModelFolder model = read_model_folder(path("run"));
  EXPECT_EQ(model.mirror_axes, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(read_fold(model, 0).size(), parameters_of(model.plan.network).size());
  // The others are models too.
  for (const char* checkpoint : {"checkpoint_latest", "checkpoint_best"}) {
    const ModelFolder other = read_model_folder(path("run"), {.folds = {}, .checkpoint = checkpoint});
    EXPECT_EQ(read_fold(other, 0).size(), parameters_of(model.plan.network).size());
  }
}

TEST_F(TrainProgram, FinalCheckpointHoldsNoTimeAndNoPath) {
  ASSERT_EQ(run(joined(new_run("run"))).status, 0);
  ASSERT_EQ(run(joined(new_run("elsewhere"))).status, 0);
  EXPECT_EQ(read_text_file(fold_file("run", "checkpoint_final.safetensors")),
            read_text_file(fold_file("elsewhere", "checkpoint_final.safetensors")));
}

// The wait before each kill is random but the same in every test run; how far the run has come by then is
// not.
TEST_F(TrainProgram, KilledTenTimesEndsWithTheSameBits) {
  const std::vector<std::string> longer{"--epochs", "40"};
  ASSERT_EQ(run(joined(new_run("whole", longer))).status, 0);
  Random random(17);
  int killed = 0;
  for (int attempt = 0; attempt < 200 && killed < 10; ++attempt) {
    const bool begun = fs::exists(fold_file("run", "training.json"));
    const pid_t child = start(begun ? std::vector<std::string>{"--resume", path("run"), "--threads", "1"}
                                    : new_run("run", longer));
    // Until then there is nothing to resume; on a busy machine that takes its time.
    ASSERT_TRUE(wait_for_begin(child, "run")) << read_text_file(path("background.txt"));
    std::this_thread::sleep_for(std::chrono::milliseconds(random.integer(20, 1200)));
    ::kill(child, SIGKILL);
    const int status = wait_for(child);
    if (status == 128 + SIGKILL) ++killed;
    if (status == 0) fs::remove_all(path("run"));  // it was too fast: once more
    ASSERT_TRUE(status == 0 || status == 128 + SIGKILL) << read_text_file(path("background.txt"));
  }
  EXPECT_EQ(killed, 10);
  ASSERT_EQ(run("--resume " + path("run") + " --threads 1").status, 0);
  EXPECT_EQ(read_text_file(fold_file("run", "checkpoint_final.safetensors")),
            read_text_file(fold_file("whole", "checkpoint_final.safetensors")));
  EXPECT_EQ(losses("run"), losses("whole"));
}

TEST_F(TrainProgram, StopsCleanlyWithinAnEpoch) {
  ASSERT_EQ(run(joined(new_run("whole", {"--epochs", "1", "--iterations", "300"}))).status, 0);
  const pid_t child = start(new_run("run", {"--epochs", "1", "--iterations", "300"}));
  ASSERT_TRUE(wait_for_begin(child, "run")) << read_text_file(path("background.txt"));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  ::kill(child, SIGTERM);
  EXPECT_EQ(wait_for(child), 130) << read_text_file(path("background.txt"));
  EXPECT_NE(read_text_file(path("background.txt")).find("iterations of epoch 1; --resume"),
            std::string::npos);
  ASSERT_EQ(run("--resume " + path("run") + " --threads 1").status, 0);
  EXPECT_EQ(losses("run"), losses("whole"));
  EXPECT_EQ(read_text_file(fold_file("run", "checkpoint_final.safetensors")),
            read_text_file(fold_file("whole", "checkpoint_final.safetensors")));
}

TEST_F(TrainProgram, NumberOfWorkersChangesNothing) {
  ASSERT_EQ(run(joined(new_run("one", {"--workers", "1"}))).status, 0);
  ASSERT_EQ(run(joined(new_run("three", {"--workers", "3"}))).status, 0);
  EXPECT_EQ(losses("one"), losses("three"));
}

#ifdef HEPAR_TRAINING_KERNELS
// The mean losses of 4 iterations each, both optimisers and losses: of the first two epochs to 4 digits;
// later ones drift apart, as each step moves weights by roundings too (Adam divides gradients by their own
// size).
TEST_F(TrainProgram, BothKindsOfKernelsHaveTheSameLosses) {
  for (const char* config : {"nnunet", "paper"}) {
    const auto train_by = [&](const std::string& kernels) {
      const Outcome outcome = run(joined(new_run(
          kernels, {"--config", config, "--kernels", kernels, "--learning-rate", "0.001", "--batch", "2"})));
      EXPECT_EQ(outcome.status, 0) << outcome.err;
      return losses(kernels);
    };
    const std::vector<double> own = train_by("hepar"), peer = train_by("libtorch");
    ASSERT_EQ(own.size(), 6U);
    ASSERT_EQ(peer.size(), 6U);
    for (std::size_t n = 0; n < own.size(); ++n)
      EXPECT_NEAR(own[n], peer[n], (n < 2 ? 1e-4 : 5e-3) * std::abs(peer[n])) << config << " " << n;
    EXPECT_NE(own, peer) << config << ": not two kinds of kernels";
    for (const char* kernels : {"hepar", "libtorch"}) fs::remove_all(path(kernels));
  }
}
#endif

#ifdef HEPAR_WITH_GLOO
// Two processes with half of each batch, one with all of it: the same losses to rounding, with batch Dice and
// dropout too.
TEST_F(TrainProgram, TwoProcessesFollowOne) {
  for (const char* config : {"nnunet", "paper"}) {
    const std::vector<std::string> recipe{"--config",        config,  "--batch",     "4",
                                          "--learning-rate", "0.001", "--precision", "float32"};
    std::vector<std::string> both = new_run("both", recipe);
    ASSERT_EQ(run(joined(new_run("alone", recipe))).status, 0);
    const std::string port = std::to_string(20000 + ::getpid() % 20000);
    const auto environment = [&](const char* rank) {
      return std::vector<std::string>{std::string("RANK=").append(rank), "WORLD_SIZE=2",
                                      "MASTER_ADDR=127.0.0.1", "MASTER_PORT=" + port};
    };
    const pid_t first = start(both, environment("0")), second = start(both, environment("1"));
    ASSERT_EQ(wait_for(first), 0) << read_text_file(path("background.txt"));
    ASSERT_EQ(wait_for(second), 0) << read_text_file(path("background.txt"));
    const auto alone = losses("alone"), shared = losses("both");
    ASSERT_EQ(alone.size(), shared.size());
    for (std::size_t n = 0; n < alone.size(); ++n)
      EXPECT_NEAR(alone[n], shared[n], 1e-4) << config << " epoch " << n;
    fs::remove_all(path("alone"));
    fs::remove_all(path("both"));
  }
}
#endif

TEST_F(TrainProgram, KeepsASecondTrainerOut) {
  const pid_t child = start(new_run("run", {"--epochs", "100000"}));
  ASSERT_TRUE(wait_for_begin(child, "run")) << read_text_file(path("background.txt"));
  const Outcome second = run(joined(new_run("run")));
  EXPECT_EQ(second.status, 2);
  EXPECT_NE(second.err.find("another training writes to"), std::string::npos) << second.err;
  ::kill(child, SIGKILL);
  wait_for(child);
}

TEST_F(TrainProgram, RefusesToStartWhereOneHasBegun) {
  ASSERT_EQ(run(joined(new_run("run"))).status, 0);
  const Outcome again = run(joined(new_run("run")));
  EXPECT_EQ(again.status, 2);
  EXPECT_NE(again.err.find("already holds a training; go on with it by --resume"), std::string::npos)
      << again.err;
}

TEST_F(TrainProgram, RefusesToGoOnWithFewerEpochsOrOtherIterations) {
  ASSERT_EQ(run(joined(new_run("run"))).status, 0);
  const Outcome fewer = run("--resume " + path("run") + " --epochs 3");
  EXPECT_EQ(fewer.status, 2);
  EXPECT_NE(fewer.err.find("has finished 6 epochs; give --epochs 6 or more"), std::string::npos) << fewer.err;
  const Outcome other = run("--resume " + path("run") + " --iterations 7");
  EXPECT_EQ(other.status, 2);
  EXPECT_NE(other.err.find("has 4 iterations in an epoch"), std::string::npos) << other.err;
}

// As after a first iteration that used up the memory.
TEST_F(TrainProgram, ResumesARunWithoutACheckpoint) {
  ASSERT_EQ(run(joined(new_run("run"))).status, 0);
  fs::remove(fold_file("run", "checkpoint_latest.safetensors"));
  EXPECT_EQ(run("--resume " + path("run") + " --batch 1 --threads 1").status, 0);
  EXPECT_EQ(losses("run").size(), 6U);
  EXPECT_EQ(read_plan(path("run") + "/plans.json").batch_size, 1);
}

TEST_F(TrainProgram, FollowsTheSplitsOfTheRun) {
  make_folder(path("run"));
  write_text_file(path("run") + "/splits_final.json", R"([{"train": ["case_1"], "val": ["case_0"]}])");
  ASSERT_EQ(run(joined(new_run("run"))).status, 0);
  const auto record = nlohmann::json::parse(read_text_file(fold_file("run", "training.json")));
  EXPECT_EQ(record["training_cases"], nlohmann::json({"case_1"}));
  EXPECT_EQ(record["validation_cases"], nlohmann::json({"case_0"}));
}

TEST_F(TrainProgram, SaysThatItValidatesOnTrainingCases) {
  const Outcome outcome = run(joined(new_run("run", {"--fold", "all", "--epochs", "1"})));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("3 of 3 validation cases are trained on"), std::string::npos) << outcome.err;
  EXPECT_TRUE(fs::exists(path("run") + "/fold_all/checkpoint_final.safetensors"));
}

TEST_F(TrainProgram, FoldsOfARunHaveOnePlan) {
  ASSERT_EQ(run(joined(new_run("run"))).status, 0);
  const Outcome other = run(joined(new_run("run", {"--fold", "all", "--batch", "3"})));
  EXPECT_EQ(other.status, 2);
  EXPECT_NE(other.err.find("is of another plan than this fold"), std::string::npos) << other.err;
  EXPECT_EQ(read_plan(path("run") + "/plans.json").batch_size, 2);
}

// Channels are labels here, declared against their order.
TEST_F(TrainProgram, NamesClassesByTheirLabels) {
  write_text_file(path("data") + "/dataset.json",
                  R"({"channel_names": {"0": "CT"}, "labels": {"background": 0, "tumour": 2, "liver": 1},
                      "numTraining": 2, "file_ending": ".nii.gz"})");
  const Outcome outcome =
      run(joined(new_run("run", {"--validation-iterations", "20", "--iterations", "60"})));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  std::istringstream lines(read_text_file(fold_file("run", "metrics.jsonl")));
  nlohmann::json last;
  for (std::string line; std::getline(lines, line);) last = nlohmann::json::parse(line);
  // The liver is half of each case, the tumour a small dark cube: what is learnt first is the liver.
  EXPECT_GT(last["class_dice"]["liver"].get<double>(), 0.5);
  EXPECT_GT(last["class_dice"]["liver"].get<double>(), last["class_dice"].value("tumour", 0.0));
}

TEST_F(TrainProgram, GoesOnLongerThanPlanned) {
  ASSERT_EQ(run(joined(new_run("run"))).status, 0);
  ASSERT_EQ(run("--resume " + path("run") + " --epochs 8 --threads 1").status, 0);
  EXPECT_EQ(losses("run").size(), 8U);
}

// A file size limit fails like a full disk.
TEST_F(TrainProgram, FullDiskLeavesARunThatGoesOn) {
  ASSERT_EQ(run(joined(new_run("whole"))).status, 0);
  const Outcome first = run(joined(new_run("run", {"--epochs", "2"})));
  ASSERT_EQ(first.status, 0);
  const Outcome full = run("--resume " + path("run") + " --epochs 6 --threads 1", "ulimit -f 8; ");
  EXPECT_EQ(full.status, 6) << full.err;
  EXPECT_EQ(std::count(full.err.begin(), full.err.end(), '\n'), 1) << full.err;
  ASSERT_EQ(run("--resume " + path("run") + " --epochs 6 --threads 1").status, 0);
  EXPECT_EQ(losses("run").size(), 6U);
  for (const auto& file : fs::directory_iterator(path("run") + "/fold_0"))
    EXPECT_EQ(file.path().string().find(".part"), std::string::npos) << file.path();
}

TEST_F(TrainProgram, StopsAtALossThatIsNoNumber) {
  const Outcome outcome = run(joined(new_run("run", {"--learning-rate", "1e30", "--gradient-clip", "0"})));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("the loss is no number in iteration"), std::string::npos) << outcome.err;
  EXPECT_TRUE(fs::exists(fold_file("run", "failed_batch.safetensors")));
  const SafetensorsFile batch(fold_file("run", "failed_batch.safetensors"));
  EXPECT_EQ(batch.entries().at("image").shape, (std::vector<std::int64_t>{2, 1, 8, 8, 8}));
}

TEST_F(TrainProgram, StartsFromAnotherModel) {
  ASSERT_EQ(run(joined(new_run("first"))).status, 0);
  const Outcome outcome =
      run(joined(new_run("second", {"--init", path("first"), "--learning-rate", "1e-20", "--epochs", "1"})));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const Weights from = read_fold(read_model_folder(path("first")), 0);
  const Weights to = read_fold(read_model_folder(path("second")), 0);
  for (const auto& [name, tensor] : from) EXPECT_EQ(tensor.values, to.at(name).values) << name;
}

TEST_F(TrainProgram, LeavesOutHeadsOfOtherLabels) {
  ASSERT_EQ(run(joined(new_run("first"))).status, 0);
  write_text_file(
      path("data") + "/dataset.json",
      R"({"channel_names": {"0": "CT"}, "labels": {"background": 0, "organ": [1, 2, 3], "tumour": 2},
                      "regions_class_order": [1, 2], "numTraining": 2, "file_ending": ".nii.gz"})");
  const Outcome outcome = run(joined(new_run("second", {"--init", path("first"), "--epochs", "1"})));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("was trained on other labels"), std::string::npos) << outcome.err;
}

TEST_F(TrainProgram, SaysWhatIsWrongInOneSentence) {
  const auto expect = [&](const std::string& arguments, int status, const std::string& words) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, status) << outcome.err;
    EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err;
  };
  expect("", 2, "give PREPROCESSED -o RUN, or --resume RUN");
  expect("--resume " + path("nowhere"), 3, "there is no training to resume");
  expect(joined(new_run("run", {"--patch", "8,8,9"})), 2, "give multiples of 4 x 4 x 4");
  expect(joined(new_run("run", {"--device", "cuda"})), 4, "there is no GPU");
  expect(joined(new_run("run", {"--device", "tpu"})), 2,
         "there is no device 'tpu'; give cpu, cuda or cuda:0");
  expect(joined(new_run("run", {"--device", "cuda", "--kernels", "hepar"})), 2,
         "the device is cuda; leave out --kernels hepar");
  expect(joined(new_run("run", {"--precision", "bfloat16", "--kernels", "hepar"})), 2,
         "the precision is bfloat16; leave out --kernels hepar");
#ifndef HEPAR_TRAINING_KERNELS
  expect(joined(new_run("run", {"--kernels", "hepar"})), 4, "build it with -DHEPAR_TRAINING_KERNELS=ON");
#endif
  expect(joined(new_run("run", {"--fold", "7"})), 2, "fold");
  expect(joined(new_run("run", {"--dropout", "2"})), 2, "dropout can't be '2'");
  expect(joined(new_run("run", {"--init", path("nowhere")})), 3, "there is no model folder");
}

TEST_F(TrainProgram, ParametersOfARecipeReachThePlan) {
  const Outcome outcome =
      run(joined(new_run("run", {"--patch", "8,8,12", "--batch", "3", "--dropout", "0.2", "--epochs", "1"})));
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const ModelPlan plan = read_plan(path("run") + "/plans.json");
  EXPECT_EQ(plan.patch_size, (Kernel3{8, 8, 12}));
  EXPECT_EQ(plan.batch_size, 3);
  EXPECT_EQ(plan.network.dropout, 0.2);
}

}  // namespace
}  // namespace hepar
