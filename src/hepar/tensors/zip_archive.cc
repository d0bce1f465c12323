// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/zip_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "hepar/core/error.h"
#include "hepar/tensors/zip_format.h"

namespace hepar {
namespace {
using namespace zip;
static_assert(std::endian::native == std::endian::little, "zip records are little-endian");

struct Directory {
  std::uint64_t offset, bytes, entry_count;
};

// One entry as the directory describes it.
struct Description {
  std::string name;
  std::uint16_t flags, method;
  std::uint32_t crc;
  std::uint64_t stored_bytes, bytes, header_offset;
};

class Reader {
 public:
  Reader(const std::filesystem::path& path, std::span<const std::byte> bytes)
      : path_(path.string()), bytes_(bytes) {}

  std::map<std::string, ZipArchive::Entry> entries() const {
    const Directory directory = find_directory();
    std::map<std::string, ZipArchive::Entry> entries;
    std::uint64_t at = directory.offset;
    for (std::uint64_t n = 0; n < directory.entry_count; ++n) {
      const Description entry = description(at, directory);
      if (!entries.emplace(entry.name, ZipArchive::Entry{data_of(entry, directory), entry.crc}).second) {
        fail(fmt::format("it has two entries '{}'", entry.name));
      }
    }
    return entries;
  }

 private:
  [[noreturn]] void fail(const std::string& text, ErrorCode code = ErrorCode::kCorrupt) const {
    throw Error(code, fmt::format("{} is no usable zip file: {}", path_, text));
  }
  [[noreturn]] void fail_truncated(const std::string& text) const {
    fail(fmt::format("{}, so it is damaged or truncated at {} bytes; copy it again from its source", text,
                     bytes_.size()));
  }

  // The caller has checked the place.
  template <class T>
  T at(std::uint64_t offset) const {
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(T));
    return value;
  }
  bool holds(std::uint64_t offset, std::uint64_t size) const {
    return offset <= bytes_.size() && size <= bytes_.size() - offset;
  }
  std::string_view text(std::uint64_t offset, std::size_t size) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + offset, size};
  }

  // The end record is the last thing in the file but for a comment of at most 65535 bytes.
  std::uint64_t find_end() const {
    for (std::uint64_t comment = 0; comment <= 0xffff && kEndBytes + comment <= bytes_.size(); ++comment) {
      const std::uint64_t place = bytes_.size() - kEndBytes - comment;
      if (at<std::uint32_t>(place) == kEndSignature && at<std::uint16_t>(place + 20) == comment) return place;
    }
    fail_truncated("it does not end with a zip directory");
  }

  Directory find_directory() const {
    const std::uint64_t end = find_end();
    Directory directory{at<std::uint32_t>(end + 16), at<std::uint32_t>(end + 12),
                        at<std::uint16_t>(end + 10)};
    const bool is_zip64 =
        end >= kLocator64Bytes && at<std::uint32_t>(end - kLocator64Bytes) == kLocator64Signature;
    if (is_zip64) {
      const auto end64 = at<std::uint64_t>(end - kLocator64Bytes + 8);
      if (!holds(end64, kEnd64Bytes) || at<std::uint32_t>(end64) != kEnd64Signature) {
        fail_truncated("its zip64 directory is not where it should be");
      }
      directory = {at<std::uint64_t>(end64 + 48), at<std::uint64_t>(end64 + 40),
                   at<std::uint64_t>(end64 + 32)};
    }
    const bool fits = directory.offset <= end && directory.bytes <= end - directory.offset &&
                      directory.entry_count <= directory.bytes / kDirectoryBytes;
    if (!fits) {
      fail_truncated(fmt::format("its directory of {} entries is said to lie at {} and to have {} bytes",
                                 directory.entry_count, directory.offset, directory.bytes));
    }
    return directory;
  }

  // Reads the directory's entry at `place` and moves `place` to the next one.
  Description description(std::uint64_t& place, const Directory& directory) const {
    const std::uint64_t left = directory.offset + directory.bytes - place;
    if (left < kDirectoryBytes || at<std::uint32_t>(place) != kDirectorySignature) {
      fail_truncated("its directory is damaged");
    }
    const std::size_t name_bytes = at<std::uint16_t>(place + 28), extra_bytes = at<std::uint16_t>(place + 30),
                      comment_bytes = at<std::uint16_t>(place + 32);
    const std::size_t whole = kDirectoryBytes + name_bytes + extra_bytes + comment_bytes;
    if (left < whole) fail_truncated("its directory is damaged");
    Description entry{std::string(text(place + kDirectoryBytes, name_bytes)),
                      at<std::uint16_t>(place + 8),
                      at<std::uint16_t>(place + 10),
                      at<std::uint32_t>(place + 16),
                      at<std::uint32_t>(place + 20),
                      at<std::uint32_t>(place + 24),
                      at<std::uint32_t>(place + 42)};
    widen(entry, place + kDirectoryBytes + name_bytes, extra_bytes);
    place += whole;
    return entry;
  }

  // Replaces the numbers that need more than 32 bits by those of the zip64 extra field.
  void widen(Description& entry, std::uint64_t place, std::uint64_t left) const {
    while (left >= 4) {
      const std::uint64_t size = at<std::uint16_t>(place + 2);
      if (size > left - 4) break;
      if (at<std::uint16_t>(place) == kZip64ExtraId) {
        std::uint64_t used = 0;
        for (std::uint64_t* number : {&entry.bytes, &entry.stored_bytes, &entry.header_offset}) {
          if (*number != kIn64Bits32) continue;
          if (used + 8 > size) fail_truncated(fmt::format("the sizes of '{}' are incomplete", entry.name));
          *number = at<std::uint64_t>(place + 4 + used);
          used += 8;
        }
      }
      place += 4 + size;
      left -= 4 + size;
    }
  }

  std::span<const std::byte> data_of(const Description& entry, const Directory& directory) const {
    if ((entry.flags & kEncryptedFlag) != 0 || entry.method != kStored) {
      fail(fmt::format("its entry '{}' is {}, which is not read; write it with torch.save again", entry.name,
                       (entry.flags & kEncryptedFlag) != 0 ? "encrypted" : "compressed"),
           ErrorCode::kUnsupported);
    }
    const std::uint64_t header = entry.header_offset, end = directory.offset;
    const bool has_header =
        header <= end && end - header >= kLocalBytes && at<std::uint32_t>(header) == kLocalSignature;
    if (!has_header) fail_truncated(fmt::format("its entry '{}' is not where it should be", entry.name));
    const std::uint64_t name_bytes = at<std::uint16_t>(header + 26);
    const std::uint64_t start = header + kLocalBytes + name_bytes + at<std::uint16_t>(header + 28);
    const bool fits = start <= end && entry.bytes <= end - start && entry.stored_bytes == entry.bytes &&
                      text(header + kLocalBytes, static_cast<std::size_t>(name_bytes)) == entry.name;
    if (!fits) {
      fail_truncated(fmt::format("its entry '{}' of {} bytes does not fit", entry.name, entry.bytes));
    }
    return bytes_.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(entry.bytes));
  }

  std::string path_;
  std::span<const std::byte> bytes_;
};

}  // namespace

ZipArchive::ZipArchive(const std::filesystem::path& path)
    : file_(path), entries_(Reader(path, file_.bytes()).entries()) {}

}  // namespace hepar
