// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "hepar/core/file.h"

namespace hepar {

// A folder that goes with the test.
class ScratchFolder : public testing::Test {
 protected:
  void SetUp() override { make_folder(root_); }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::filesystem::path root_ = std::filesystem::temp_directory_path() /
                                ("hepar_pipeline_test_" + std::to_string(::getpid()) + "_" +
                                 testing::UnitTest::GetInstance()->current_test_info()->name());
};

}  // namespace hepar
