// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <string>

#include <gtest/gtest.h>

#include "hepar/core/file.h"
#include "hepar/io/image_io.h"
#include "hepar/volume/volume.h"

namespace hepar {

// A row of voxels of 10 x 10 x 10 mm, so that each holds 1 mL.
inline LabelMap row(std::initializer_list<std::uint8_t> values) {
  LabelMap labels({.size = {static_cast<std::int64_t>(values.size()), 1, 1}, .spacing_mm = {10, 10, 10}});
  std::copy(values.begin(), values.end(), labels.voxels().begin());
  return labels;
}

// Folders "a", "b" (predictions) and "r" (references) that go with the test.
class EvaluationFolders : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* folder : {"a", "b", "r"}) make_folder(root_ / folder);
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& file, std::initializer_list<std::uint8_t> values) const {
    make_folder((root_ / file).parent_path());
    write_labels(root_ / file, row(values));
  }

  std::filesystem::path root_ = std::filesystem::temp_directory_path() /
                                ("hepar_evaluation_test_" + std::to_string(::getpid()) + "_" +
                                 testing::UnitTest::GetInstance()->current_test_info()->name());
};

}  // namespace hepar
