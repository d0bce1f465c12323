// SPDX-License-Identifier: Apache-2.0
#include "trainer.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

std::vector<std::string> trainer_arguments(const fs::path& preprocessed, const fs::path& run,
                                           const TrainerOptions& options, bool quiet) {
  std::vector<std::string> arguments{preprocessed.string(), "-o", run.string()};
  const auto add = [&](const char* option, const std::string& value) {
    arguments.insert(arguments.end(), {option, value});
  };
  add("--iterations", std::to_string(options.iterations));
  add("--learning-rate", fmt::format("{}", options.learning_rate));
  add("--batch", std::to_string(options.batch));
  add("--seed", std::to_string(options.seed));
  add("--threads", std::to_string(thread_count()));
  if (!options.initial_model.empty()) add("--init", options.initial_model);
  if (options.resume) arguments.push_back("--resume");
  if (options.bfloat16) arguments.push_back("--bfloat16");
  if (quiet) arguments.push_back("--quiet");
  return arguments;
}

}  // namespace

fs::path trainer_program() {
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path() / "hepar-train";
  if (!fs::exists(program)) {
    throw Error(ErrorCode::kMissing,
                fmt::format("{} is not there; build Hepar with -DHEPAR_WITH_TORCH=ON (needs LibTorch).",
                            program.string()));
  }
  return program;
}

void become_trainer(const fs::path& preprocessed, const fs::path& run, const TrainerOptions& options,
                    bool quiet) {
  const fs::path program = trainer_program();
  const std::vector<std::string> arguments = trainer_arguments(preprocessed, run, options, quiet);
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::fflush(nullptr);
  ::execv(program.c_str(), argv.data());
  throw Error(ErrorCode::kMissing,
              fmt::format("{} can't be started: {}.", program.string(), std::strerror(errno)));
}

void run_trainer(const fs::path& preprocessed, const fs::path& run, const TrainerOptions& options,
                 bool quiet) {
  trainer_program();  // a missing one is said before a process is made
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) {
    throw Error(ErrorCode::kExhausted, fmt::format("no process for the training: {}", std::strerror(errno)));
  }
  if (child == 0) {
    try {
      become_trainer(preprocessed, run, options, quiet);
    } catch (const std::exception& error) {
      fmt::print(stderr, "hepar: {}\n", error.what());
    }
    ::_exit(1);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    ::kill(child, SIGTERM);  // whoever interrupts this process means the training too
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw Error(WIFEXITED(status) && WEXITSTATUS(status) == exit_status(ErrorCode::kCancelled)
                    ? ErrorCode::kCancelled
                    : ErrorCode::kInvalidInput,
                "the training ended early; its own message stands above");
  }
}

}  // namespace hepar
