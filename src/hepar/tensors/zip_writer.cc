// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/zip_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/tensors/crc32.h"
#include "hepar/tensors/zip_format.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using namespace zip;

constexpr std::uint64_t kAlignment = 64;
constexpr std::uint16_t kUtf8NameFlag = 1 << 11;
constexpr std::uint16_t kFirstOfJanuary1980 = 1 << 5 | 1;  // no time: same input, same bytes
constexpr std::uint16_t kVersionNeeded = 45;               // zip64
constexpr std::uint16_t kPaddingExtraId = 0x4246;          // "FB", as torch.save names its padding
constexpr std::size_t kZip64LocalBytes = 20;               // an extra field with both sizes

class Record {
 public:
  template <class T>
  Record& add(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
    return *this;
  }
  Record& add_text(const std::string& text) {
    bytes_ += text;
    return *this;
  }
  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(bytes_)); }

 private:
  std::string bytes_;
};

struct Entry {
  std::string name;
  std::uint16_t method;
  std::uint32_t crc;
  std::uint64_t stored_bytes, bytes, header_offset;
};

std::uint32_t in_32_bits(std::uint64_t number) {
  return number >= kIn64Bits32 ? kIn64Bits32 : static_cast<std::uint32_t>(number);
}

Record local_header(const Entry& entry, const Record& extra) {
  Record record;
  record.add(kLocalSignature).add(kVersionNeeded).add(kUtf8NameFlag).add(entry.method);
  record.add(std::uint16_t{0}).add(kFirstOfJanuary1980).add(entry.crc);
  record.add(in_32_bits(entry.stored_bytes)).add(in_32_bits(entry.bytes));
  record.add(static_cast<std::uint16_t>(entry.name.size()));
  record.add(static_cast<std::uint16_t>(extra.bytes().size())).add_text(entry.name);
  return record;
}

Record zip64_sizes(const Entry& entry) {
  Record extra;
  extra.add(kZip64ExtraId).add(std::uint16_t{kZip64LocalBytes - 4}).add(entry.bytes).add(entry.stored_bytes);
  return extra;
}

// The directory's entry: only numbers that need more than 32 bits go into the extra field.
Record directory_entry(const Entry& entry) {
  Record wide;
  for (const auto number : {entry.bytes, entry.stored_bytes, entry.header_offset}) {
    if (number >= kIn64Bits32) wide.add(number);
  }
  const auto wide_bytes = static_cast<std::uint16_t>(wide.bytes().size());
  Record record;
  record.add(kDirectorySignature).add(kVersionNeeded).add(kVersionNeeded).add(kUtf8NameFlag);
  record.add(entry.method).add(std::uint16_t{0}).add(kFirstOfJanuary1980).add(entry.crc);
  record.add(in_32_bits(entry.stored_bytes)).add(in_32_bits(entry.bytes));
  record.add(static_cast<std::uint16_t>(entry.name.size()));
  record.add(static_cast<std::uint16_t>(wide_bytes == 0 ? 0 : 4 + wide_bytes));
  record.add(std::uint16_t{0}).add(std::uint16_t{0}).add(std::uint16_t{0}).add(std::uint32_t{0});
  record.add(in_32_bits(entry.header_offset)).add_text(entry.name);
  if (wide_bytes > 0) record.add(kZip64ExtraId).add(wide_bytes);
  for (const auto number : {entry.bytes, entry.stored_bytes, entry.header_offset}) {
    if (number >= kIn64Bits32) record.add(number);
  }
  return record;
}

// The directory lies at [start, end).
Record end_records(std::uint64_t start, std::uint64_t end, std::uint64_t count) {
  Record record;
  if (count >= kIn64Bits16 || end >= kIn64Bits32) {
    record.add(kEnd64Signature).add(std::uint64_t{kEnd64Bytes - 12}).add(kVersionNeeded).add(kVersionNeeded);
    record.add(std::uint64_t{0}).add(count).add(count).add(end - start).add(start);
    record.add(kLocator64Signature).add(std::uint32_t{0}).add(end).add(std::uint32_t{1});
  }
  const auto short_count = static_cast<std::uint16_t>(count >= kIn64Bits16 ? kIn64Bits16 : count);
  record.add(kEndSignature).add(std::uint32_t{0}).add(short_count).add(short_count);
  record.add(in_32_bits(end - start)).add(in_32_bits(start)).add(std::uint16_t{0});
  return record;
}

}  // namespace

struct ZipWriter::Impl {
  explicit Impl(const fs::path& path)
      : target(path),
        file(path),
        fd(::open(file.temporary().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    if (fd < 0) fail();
  }
  ~Impl() {
    if (fd >= 0) ::close(fd);
  }

  [[noreturn]] void fail() const {
    const bool full = errno == ENOSPC || errno == EFBIG || errno == EDQUOT;
    throw Error(full ? ErrorCode::kExhausted : ErrorCode::kMissing,
                fmt::format("can't write {}: {}{}", target.string(), std::strerror(errno),
                            full ? "; free some space or choose another output folder" : ""));
  }

  void write_at(std::uint64_t place, std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(place));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail();
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      place += static_cast<std::uint64_t>(written);
    }
  }
  void append(std::span<const std::byte> bytes) {
    write_at(position, bytes);
    position += bytes.size();
  }
  static void check_name(const std::string& name) {
    HEPAR_EXPECT(!name.empty() && name.size() <= 0xffff, "an entry of a zip file needs a name");
  }

  fs::path target;
  AtomicFile file;
  int fd;
  std::uint64_t position = 0;
  std::vector<Entry> entries;
  std::optional<Entry> open_entry;  // being deflated
};

ZipWriter::ZipWriter(const fs::path& target) : impl_(std::make_unique<Impl>(target)) {}
ZipWriter::~ZipWriter() = default;

void ZipWriter::add_stored(const std::string& name, std::span<const std::byte> bytes) {
  Impl::check_name(name);
  HEPAR_EXPECT(!impl_->open_entry, "the deflated entry has not ended");
  const Entry entry{name, kStored, crc32(bytes), bytes.size(), bytes.size(), impl_->position};
  Record extra;
  if (entry.bytes >= kIn64Bits32) extra = zip64_sizes(entry);
  const std::uint64_t unpadded = impl_->position + kLocalBytes + name.size() + extra.bytes().size() + 4;
  const auto padding = static_cast<std::uint16_t>((kAlignment - unpadded % kAlignment) % kAlignment);
  extra.add(kPaddingExtraId).add(padding).add_text(std::string(padding, 'Z'));
  impl_->append(local_header(entry, extra).bytes());
  impl_->append(extra.bytes());
  impl_->append(bytes);
  impl_->entries.push_back(entry);
}

void ZipWriter::begin_deflated(const std::string& name) {
  Impl::check_name(name);
  HEPAR_EXPECT(!impl_->open_entry, "the deflated entry has not ended");
  impl_->open_entry = Entry{name, kDeflated, 0, 0, 0, impl_->position};
  impl_->position += kLocalBytes + name.size() + kZip64LocalBytes;  // the header comes at the end
}

void ZipWriter::add_deflated(std::span<const std::byte> piece) {
  HEPAR_EXPECT(impl_->open_entry, "no deflated entry has begun");
  impl_->open_entry->stored_bytes += piece.size();
  impl_->append(piece);
}

void ZipWriter::end_deflated(std::uint64_t bytes, std::uint32_t crc) {
  HEPAR_EXPECT(impl_->open_entry, "no deflated entry has begun");
  Entry& entry = *impl_->open_entry;
  entry.bytes = bytes;
  entry.crc = crc;
  // The header says "see the extra field" whatever the sizes are, since its length was fixed at the start.
  const Record extra = zip64_sizes(entry);
  Entry in_header = entry;
  in_header.bytes = in_header.stored_bytes = std::numeric_limits<std::uint64_t>::max();
  const Record header = local_header(in_header, extra);
  impl_->write_at(entry.header_offset, header.bytes());
  impl_->write_at(entry.header_offset + header.bytes().size(), extra.bytes());
  impl_->entries.push_back(entry);
  impl_->open_entry.reset();
}

void ZipWriter::commit() {
  HEPAR_EXPECT(!impl_->open_entry, "the deflated entry has not ended");
  const std::uint64_t start = impl_->position;
  for (const auto& entry : impl_->entries) impl_->append(directory_entry(entry).bytes());
  impl_->append(end_records(start, impl_->position, impl_->entries.size()).bytes());
  impl_->file.commit();
}

}  // namespace hepar
