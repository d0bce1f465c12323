// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/packed_bits.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace hepar::dicom {
namespace {

// The eight pixels of each byte.
constexpr auto kPixelsOfByte = [] {
  std::array<std::array<std::uint8_t, 8>, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (unsigned bit = 0; bit < 8; ++bit) table[byte][bit] = static_cast<std::uint8_t>(byte >> bit & 1);
  }
  return table;
}();

// Bit n of eight values' byte is value n: the product adds 2^(8n) to 2^(56-7n), and no two sums of another
// pair meet, so that nothing carries into the highest byte.
std::uint8_t byte_of(const std::uint8_t* values) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t eight = 0;
  std::memcpy(&eight, values, 8);
  return static_cast<std::uint8_t>(eight * 0x0102040810204080ULL >> 56);
}

}  // namespace

std::vector<std::uint8_t> pack_bits(std::span<const std::uint8_t> values) {
  std::vector<std::uint8_t> bits((values.size() + 7) / 8);
  const std::size_t whole = values.size() / 8;
  for (std::size_t n = 0; n < whole; ++n) bits[n] = byte_of(&values[8 * n]);
  for (std::size_t n = 8 * whole; n < values.size(); ++n)
    bits[whole] = static_cast<std::uint8_t>(bits[whole] | values[n] << n % 8);
  return bits;
}

void unpack_bits(std::span<const std::uint8_t> bits, std::span<std::uint8_t> values) {
  const std::size_t whole = values.size() / 8, rest = values.size() % 8;
  for (std::size_t n = 0; n < whole; ++n) std::memcpy(&values[8 * n], kPixelsOfByte[bits[n]].data(), 8);
  if (rest > 0) std::copy_n(kPixelsOfByte[bits[whole]].begin(), rest, values.end() - static_cast<long>(rest));
}

std::vector<std::uint8_t> cut_bits(std::span<const std::uint8_t> bits, std::size_t first, std::size_t count) {
  std::vector<std::uint8_t> cut((count + 7) / 8);
  const std::size_t start = first / 8;
  const unsigned shift = static_cast<unsigned>(first % 8);
  if (shift == 0) {
    std::copy_n(bits.begin() + static_cast<std::ptrdiff_t>(start), cut.size(), cut.begin());
  } else {
    for (std::size_t n = 0; n < cut.size(); ++n) {
      const unsigned next = start + n + 1 < bits.size() ? bits[start + n + 1] : 0U;
      cut[n] = static_cast<std::uint8_t>((bits[start + n] | next << 8) >> shift);
    }
  }
  if (count % 8 != 0) cut.back() &= static_cast<std::uint8_t>((1U << count % 8) - 1);
  return cut;
}

void place_bits(std::span<const std::uint8_t> bits, std::size_t count, std::span<std::uint8_t> target,
                std::size_t first) {
  const std::size_t start = first / 8, bytes = (count + 7) / 8;
  const unsigned shift = static_cast<unsigned>(first % 8);
  if (shift == 0) {
    std::copy_n(bits.begin(), bytes, target.begin() + static_cast<std::ptrdiff_t>(start));
    return;
  }
  for (std::size_t n = 0; n < bytes; ++n) {
    const unsigned shifted = static_cast<unsigned>(bits[n]) << shift;
    target[start + n] |= static_cast<std::uint8_t>(shifted);
    if (start + n + 1 < target.size()) target[start + n + 1] |= static_cast<std::uint8_t>(shifted >> 8);
  }
}

}  // namespace hepar::dicom
