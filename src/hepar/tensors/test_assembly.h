// SPDX-License-Identifier: Apache-2.0
#pragma once

// For tests: zip files and pickles put together byte by byte.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "hepar/core/file.h"
#include "hepar/core/test_error.h"
#include "hepar/tensors/crc32.h"

namespace hepar {

// A number as little-endian bytes.
template <class T>
std::string little(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}
inline std::string u16(std::uint64_t value) { return little(static_cast<std::uint16_t>(value)); }
inline std::string u32(std::uint64_t value) { return little(static_cast<std::uint32_t>(value)); }
inline std::string u64(std::uint64_t value) { return little(value); }

// Pieces of a pickle: BINUNICODE, BININT1, BININT, GLOBAL.
inline std::string text(const std::string& value) {
  return std::string("X").append(u32(value.size())).append(value);  // not +: GCC 12 warns of it in vain
}
inline std::string small(int value) { return std::string("K") + static_cast<char>(value); }
inline std::string integer(std::int32_t value) { return std::string("J").append(little(value)); }
inline std::string global(const std::string& module, const std::string& name) {
  return std::string("c").append(module).append("\n").append(name).append("\n");
}

struct TestEntry {
  std::string name, data;
  std::uint16_t method = 0, flags = 0;
  std::uint32_t crc_error = 0;
};

// A zip file without zip64: PKWARE APPNOTE.TXT 4.3.7, 4.3.12 and 4.3.16.
inline std::string zip_of(const std::vector<TestEntry>& entries) {
  std::string file, directory;
  for (const auto& entry : entries) {
    const std::uint32_t crc = crc32(std::as_bytes(std::span(entry.data))) ^ entry.crc_error;
    const std::string common = u16(20) + u16(entry.flags) + u16(entry.method) + u32(0) + u32(crc) +
                               u32(entry.data.size()) + u32(entry.data.size()) + u16(entry.name.size()) +
                               u16(0);
    directory +=
        "PK\1\2" + u16(20) + common + u16(0) + u16(0) + u16(0) + u32(0) + u32(file.size()) + entry.name;
    file += "PK\3\4" + common + entry.name + entry.data;
  }
  const std::string end = "PK\5\6" + u32(0) + u16(entries.size()) + u16(entries.size()) +
                          u32(directory.size()) + u32(file.size()) + u16(0);
  return file + directory + end;
}

// An empty folder that is removed afterwards.
class FolderTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = info->test_suite_name();
    name.append("_").append(info->name());
    folder_ = std::filesystem::temp_directory_path() / ("hepar_" + std::to_string(::getpid()) + "_" + name);
    std::filesystem::remove_all(folder_);
    make_folder(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::filesystem::remove(folder_ / name);  // overwriting would wait for the disk
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  std::filesystem::path folder_;
};

}  // namespace hepar
