// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>

namespace hepar {

// Keeps two trainers out of one folder: holds FOLDER/.lock until it is destroyed or its process ends, however
// that ends. Waits for another holder as long as `patience`, then Error(kInvalidInput).
class RunLock {
 public:
  RunLock(const std::filesystem::path& folder, std::chrono::milliseconds patience);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace hepar
