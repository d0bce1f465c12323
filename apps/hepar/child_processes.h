// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "hepar/core/progress.h"

namespace hepar {

struct ChildEnd {
  int exit_status = 0;
  int signal = 0;  // that ended it; 0: it ended by itself
  bool well() const { return exit_status == 0 && signal == 0; }
  bool killed() const;  // by SIGKILL
};

// Processes of one program that work together and end with this one.
class ChildProcesses {
 public:
  explicit ChildProcesses(std::filesystem::path program) : program_(std::move(program)) {}
  // Stops those that still run, and waits for them.
  ~ChildProcesses();
  ChildProcesses(const ChildProcesses&) = delete;
  ChildProcesses& operator=(const ChildProcesses&) = delete;

  // With these variables added to the environment. Error(kExhausted) when no process can be made.
  void start(const std::vector<std::string>& arguments,
             const std::vector<std::pair<std::string, std::string>>& environment);
  // Until all have ended. When `progress` is cancelled all get SIGTERM; when one fails the others do, and
  // SIGKILL after 10 s, since one may wait for the failed one. Returns how the first that failed did, else
  // how they all ended.
  ChildEnd wait(const Progress& progress);

 private:
  void signal_all(int signal) const;
  std::filesystem::path program_;
  std::vector<pid_t> running_;
};

// A TCP port of 127.0.0.1 that nobody listens on.
int free_local_port();

}  // namespace hepar
