// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace hepar {

// A file that appears whole or not at all: write to temporary(), then commit(), which syncs the bytes
// and renames. Without commit() the destructor removes what was written. The temporary lies in the same
// folder and keeps the target's suffixes, since some libraries choose the format by them. A full disk
// is Error(kExhausted); a folder that can't be written, Error(kMissing).
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::filesystem::path& temporary() const { return temporary_; }
  // Writes all bytes to the temporary, from its start.
  void write(std::span<const std::byte> bytes);
  void commit();

 private:
  std::filesystem::path target_, temporary_;
};

// Writes `text` to `path`, whole or not at all.
void write_text_file(const std::filesystem::path& path, std::string_view text);

// The whole file. Missing or unreadable: Error(kMissing). Larger than `limit_bytes`: Error(kInvalidInput).
std::string read_text_file(const std::filesystem::path& path,
                           std::size_t limit_bytes = std::size_t{64} << 20);

// Makes `folder` and its parents; Error(kMissing) with the reason when that can't be done.
void make_folder(const std::filesystem::path& folder);

// The last name of a path, whatever way it is written: "out" for "a/out", "a/out/" and, in that folder, ".".
std::string last_name(const std::filesystem::path& path);

}  // namespace hepar
