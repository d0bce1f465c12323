// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/run_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "hepar/core/error.h"

namespace hepar {

RunLock::RunLock(const std::filesystem::path& folder, std::chrono::milliseconds patience) {
  const std::filesystem::path file = folder / ".lock";
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw Error(ErrorCode::kMissing,
                fmt::format("{} can't be written: {}; make the folder writable or name another",
                            file.string(), std::strerror(errno)));
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() >= deadline) {
      ::close(descriptor_);
      throw Error(
          ErrorCode::kInvalidInput,
          fmt::format("another training writes to {}; wait until it ends, or stop it", folder.string()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

RunLock::~RunLock() { ::close(descriptor_); }

}  // namespace hepar
