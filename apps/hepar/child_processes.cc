// SPDX-License-Identifier: Apache-2.0
#include "child_processes.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kBetweenLooks{20};
constexpr std::chrono::seconds kPatience{10};

// In the child.
[[noreturn]] void become(const std::filesystem::path& program, std::vector<char*>& argv, pid_t parent,
                         const std::vector<std::pair<std::string, std::string>>& environment) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);  // it was gone before the kernel knew of our wish
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  ::execv(program.c_str(), argv.data());
  std::fprintf(stderr, "hepar: %s can't be started: %s\n", program.c_str(), std::strerror(errno));
  ::_exit(exit_status(ErrorCode::kMissing));
}

}  // namespace

bool ChildEnd::killed() const { return signal == SIGKILL; }

void ChildProcesses::start(const std::vector<std::string>& arguments,
                           const std::vector<std::pair<std::string, std::string>>& environment) {
  std::vector<char*> argv{const_cast<char*>(program_.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0)
    throw Error(ErrorCode::kExhausted, fmt::format("no process for the training: {}", std::strerror(errno)));
  if (child == 0) become(program_, argv, parent, environment);
  running_.push_back(child);
}

void ChildProcesses::signal_all(int signal) const {
  for (const pid_t child : running_) ::kill(child, signal);
}

ChildEnd ChildProcesses::wait(const Progress& progress) {
  ChildEnd result;
  bool asked_to_stop = false;
  Clock::time_point deadline = Clock::time_point::max();
  while (!running_.empty()) {
    int status = 0;
    const auto ended = std::find_if(running_.begin(), running_.end(),
                                    [&](pid_t child) { return ::waitpid(child, &status, WNOHANG) == child; });
    if (ended != running_.end()) {
      running_.erase(ended);
      const ChildEnd end{WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                         WIFSIGNALED(status) ? WTERMSIG(status) : 0};
      if (end.well() || !result.well()) continue;
      result = end;
      if (!asked_to_stop) deadline = Clock::now() + kPatience;
      signal_all(SIGTERM);
      continue;
    }
    if (progress.cancelled() && !asked_to_stop) {
      asked_to_stop = true;
      signal_all(SIGTERM);
    }
    if (Clock::now() > deadline) signal_all(SIGKILL);
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return result;
}

ChildProcesses::~ChildProcesses() {
  signal_all(SIGTERM);
  for (const pid_t child : running_) ::waitpid(child, nullptr, 0);
}

int free_local_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  const bool found =
      listener >= 0 && ::bind(listener, any, length) == 0 && ::getsockname(listener, any, &length) == 0;
  if (listener >= 0) ::close(listener);
  if (!found)
    throw Error(ErrorCode::kExhausted,
                fmt::format("no port for the processes to meet: {}", std::strerror(errno)));
  return ntohs(address.sin_port);
}

}  // namespace hepar
