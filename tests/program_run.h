// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "hepar/core/file.h"

namespace hepar {

// How a program ended and what it said, for tests that run one.
struct Outcome {
  int status = -1;  // as a shell tells it: 128 + its number for a signal
  std::string out, err;
};

// Runs a line of shell text without input; what it says passes through files in `folder`.
inline Outcome run_program(const std::string& line, const std::filesystem::path& folder) {
  const std::string out = (folder / "stdout.txt").string(), err = (folder / "stderr.txt").string();
  const std::string redirected =
      std::string(line).append(" >").append(out).append(" 2>").append(err).append(" </dev/null");
  const int code = std::system(redirected.c_str());
  return {WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code), read_text_file(out),
          read_text_file(err)};
}

}  // namespace hepar
