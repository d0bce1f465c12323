// SPDX-License-Identifier: Apache-2.0
#include "hepar/io/npz_writer.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <new>
#include <string>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/tensors/zip_writer.h"

namespace hepar {
namespace {
static_assert(std::endian::native == std::endian::little, "the array is written as little-endian");

// Floats that are deflated together. Each block is deflated as if it were alone, so that many can be at once;
// that costs next to no size, since deflate looks back 32 KiB only.
constexpr std::int64_t kBlock = std::int64_t{1} << 18;
constexpr std::int64_t kBlocksPerThread = 2;  // read before they are deflated

// The start of an .npy file: magic, version 1.0, header length, a Python dictionary that spaces fill up to a
// multiple of 64 bytes.
std::string npy_header(std::span<const std::int64_t> shape) {
  std::string sizes;
  for (const auto size : shape) sizes += fmt::format("{}, ", size);
  if (shape.size() > 1) sizes.resize(sizes.size() - 2);
  if (shape.size() == 1) sizes.pop_back();
  std::string dictionary = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", sizes);
  const std::size_t start = 10, unpadded = start + dictionary.size() + 1;
  dictionary.append((64 - unpadded % 64) % 64, ' ').append("\n");
  std::string header("\x93NUMPY\x01\x00", 8);
  header.push_back(static_cast<char>(dictionary.size() & 0xff));
  header.push_back(static_cast<char>(dictionary.size() >> 8));
  return header + dictionary;
}

struct Deflated {
  std::vector<std::byte> bytes;
  std::uint32_t crc = 0;  // of what was deflated
  std::size_t raw_bytes = 0;
};

// A piece of a deflate stream that looks back at no other piece and ends at a byte; the last one ends the
// stream. Level 6 is that of numpy.savez_compressed.
Deflated deflated(std::span<const std::byte> raw, bool is_last) {
  z_stream stream{};
  constexpr int kRawDeflate = -15;
  if (::deflateInit2(&stream, 6, Z_DEFLATED, kRawDeflate, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  const auto raw_size = static_cast<uInt>(raw.size());
  const auto* start = reinterpret_cast<const Bytef*>(raw.data());
  constexpr std::size_t kFlushBytes = 16;  // the empty block that ends a piece, generously
  Deflated result;
  result.bytes.resize(::deflateBound(&stream, raw_size) + kFlushBytes);
  stream.next_in = const_cast<Bytef*>(start);
  stream.avail_in = raw_size;
  stream.next_out = reinterpret_cast<Bytef*>(result.bytes.data());
  stream.avail_out = static_cast<uInt>(result.bytes.size());
  ::deflate(&stream, is_last ? Z_FINISH : Z_SYNC_FLUSH);
  const bool is_whole = stream.avail_in == 0 && stream.avail_out > 0;
  result.bytes.resize(stream.total_out);
  ::deflateEnd(&stream);
  HEPAR_EXPECT(is_whole, "deflate needed more than its bound");
  result.crc = static_cast<std::uint32_t>(::crc32(0, start, raw_size));
  result.raw_bytes = raw.size();
  return result;
}

// Adds pieces to the entry that is open and keeps count.
class Entry {
 public:
  explicit Entry(ZipWriter& zip) : zip_(zip) {}
  void add(const Deflated& piece) {
    zip_.add_deflated(piece.bytes);
    crc_ =
        static_cast<std::uint32_t>(::crc32_combine(crc_, piece.crc, static_cast<z_off_t>(piece.raw_bytes)));
    raw_bytes_ += piece.raw_bytes;
  }
  void end() { zip_.end_deflated(raw_bytes_, crc_); }

 private:
  ZipWriter& zip_;
  std::uint32_t crc_ = 0;
  std::uint64_t raw_bytes_ = 0;
};

}  // namespace

void write_probabilities_npz(const std::filesystem::path& path, std::span<const std::int64_t> shape,
                             const FloatSource& source) {
  std::int64_t count = 1;
  for (const auto size : shape) {
    HEPAR_EXPECT(size >= 0 && !__builtin_mul_overflow(count, size, &count), "an array of impossible size");
  }
  ZipWriter zip(path);
  zip.begin_deflated("probabilities.npy");
  Entry entry(zip);
  const std::string header = npy_header(shape);
  entry.add(deflated(std::as_bytes(std::span(header)), count == 0));
  const std::int64_t stretch = kBlock * kBlocksPerThread * thread_count();
  std::vector<float> values(static_cast<std::size_t>(std::min(stretch, count)));
  for (std::int64_t first = 0; first < count; first += stretch) {
    const std::int64_t length = std::min(stretch, count - first);
    const auto part = std::span(values).first(static_cast<std::size_t>(length));
    source(first, part);
    std::vector<Deflated> blocks(static_cast<std::size_t>((length + kBlock - 1) / kBlock));
    parallel_for(static_cast<std::int64_t>(blocks.size()), [&](std::int64_t n) {
      const std::int64_t start = n * kBlock, size = std::min(kBlock, length - start);
      const auto block = part.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(size));
      blocks[static_cast<std::size_t>(n)] = deflated(std::as_bytes(block), first + start + size == count);
    });
    for (const auto& block : blocks) entry.add(block);
  }
  entry.end();
  zip.commit();
}

}  // namespace hepar
