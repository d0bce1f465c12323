// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "hepar/tensors/mapped_file.h"

namespace hepar {

// A zip file whose entries are stored as they are, memory-mapped; every offset and size is checked before
// use, checksums are the caller's affair. Damage is Error(kCorrupt); an entry that is compressed or encrypted
// is Error(kUnsupported) with its name. Format: see zip_format.h, zip64 included.
class ZipArchive {
 public:
  struct Entry {
    std::span<const std::byte> bytes;  // valid while the archive lives
    std::uint32_t crc = 0;             // as the file states it
  };
  explicit ZipArchive(const std::filesystem::path& path);

  std::span<const std::byte> file_bytes() const { return file_.bytes(); }
  const std::map<std::string, Entry>& entries() const { return entries_; }

 private:
  MappedFile file_;
  std::map<std::string, Entry> entries_;
};

}  // namespace hepar
