// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests on real data: what a Python program makes of a DICOM file.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace hepar::dicom {

// Runs `script` with the arguments and one more, the file to write, and returns that file's bytes.
inline std::vector<std::uint8_t> written_by_python(const std::string& python, const std::string& script,
                                                   const std::vector<std::filesystem::path>& arguments) {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("hepar_python_{}", ::getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "peer.py") << script;
  std::string command = fmt::format("'{}' '{}'", python, (folder / "peer.py").string());
  for (const auto& argument : arguments) command += fmt::format(" '{}'", argument.string());
  command += fmt::format(" '{}'", (folder / "out").string());
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  std::ifstream stream(folder / "out", std::ios::binary);
  std::vector<std::uint8_t> bytes((std::istreambuf_iterator<char>(stream)), {});
  std::filesystem::remove_all(folder);
  return bytes;
}

}  // namespace hepar::dicom
