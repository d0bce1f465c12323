// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace hepar {

// Writes a zip file that appears whole or not at all: add entries, then commit(). Bytes go to the disk as
// they come. Sizes beyond 4 GiB are written as zip64. Errors as AtomicFile's (core/file.h).
class ZipWriter {
 public:
  explicit ZipWriter(const std::filesystem::path& target);
  ~ZipWriter();
  ZipWriter(const ZipWriter&) = delete;
  ZipWriter& operator=(const ZipWriter&) = delete;

  // An entry as it is; its bytes begin at a multiple of 64 in the file, as torch.save aligns them
  // (caffe2/serialize/inline_container.h, kFieldAlignment).
  void add_stored(const std::string& name, std::span<const std::byte> bytes);

  // An entry that the caller has deflated (RFC 1951 without a zlib header), in pieces. `bytes` and `crc`, of
  // what was deflated, are needed at the end only.
  void begin_deflated(const std::string& name);
  void add_deflated(std::span<const std::byte> piece);
  void end_deflated(std::uint64_t bytes, std::uint32_t crc);

  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hepar
