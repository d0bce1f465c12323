// SPDX-License-Identifier: Apache-2.0
#pragma once

// Asks a Python program, for tests on HEPAR_PEER_PYTHON.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace hepar {

// The answers of one Python process: `program` reads JSON from sys.argv[1] and writes JSON to sys.argv[2].
inline nlohmann::json ask_peer(const std::string& python, const char* program,
                               const nlohmann::json& questions) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / fmt::format("hepar_peer_{}", ::getpid());
  fs::create_directory(folder);
  std::ofstream(folder / "peer.py") << program;
  std::ofstream(folder / "questions.json") << questions;
  const std::string command =
      fmt::format("'{0}' '{1}/peer.py' '{1}/questions.json' '{1}/answers.json'", python, folder.string());
  const int status = std::system(command.c_str());
  nlohmann::json answers;
  if (status == 0) answers = nlohmann::json::parse(std::ifstream(folder / "answers.json"));
  fs::remove_all(folder);
  EXPECT_EQ(status, 0);
  return answers;
}

}  // namespace hepar
