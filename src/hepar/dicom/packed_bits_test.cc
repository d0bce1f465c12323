// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/packed_bits.h"

#include <gmock/gmock.h>

namespace hepar::dicom {
namespace {
using testing::ElementsAre;
using testing::ElementsAreArray;
using Bytes = std::vector<std::uint8_t>;

TEST(PackedBits, FirstPixelIsTheLowestBit) {
  // 1 + 4 + 128 = 0x85, then a byte begun by one pixel.
  const Bytes values{1, 0, 1, 0, 0, 0, 0, 1, 1};
  EXPECT_THAT(pack_bits(values), ElementsAre(0x85, 0x01));
  Bytes unpacked(9, 7);
  unpack_bits(Bytes{0x85, 0xff}, unpacked);
  EXPECT_THAT(unpacked, ElementsAreArray(values));
}

TEST(PackedBits, FramesNeedNotBeginAByte) {
  // Frames of 3 pixels: 101, 110, 011 are bits 1 0 1 1 1 0 0 1 | 1 = 0x9d 0x01.
  const Bytes whole{0x9d, 0x01};
  EXPECT_THAT(cut_bits(whole, 0, 3), ElementsAre(0b101));
  EXPECT_THAT(cut_bits(whole, 3, 3), ElementsAre(0b011));
  EXPECT_THAT(cut_bits(whole, 6, 3), ElementsAre(0b110));
  Bytes target(2);
  place_bits(Bytes{0b101}, 3, target, 0);
  place_bits(Bytes{0b011}, 3, target, 3);
  place_bits(Bytes{0b110}, 3, target, 6);
  EXPECT_EQ(target, whole);
}

TEST(PackedBits, CutsAndPlacesAnyLengthAtAnyBit) {
  Bytes values(75);
  for (std::size_t n = 0; n < values.size(); ++n) values[n] = n * n % 7 < 3 ? 1 : 0;
  const Bytes bits = pack_bits(values);
  for (std::size_t first = 0; first < values.size(); ++first) {
    for (std::size_t count = 1; first + count <= values.size(); ++count) {
      const auto begin = values.begin() + static_cast<std::ptrdiff_t>(first);
      const Bytes expected(begin, begin + static_cast<std::ptrdiff_t>(count));
      const Bytes cut = cut_bits(bits, first, count);
      ASSERT_EQ(cut, pack_bits(expected));
      Bytes target(bits.size());
      place_bits(cut, count, target, first);
      ASSERT_EQ(cut_bits(target, first, count), cut);
      ASSERT_EQ(cut_bits(target, 0, first), Bytes((first + 7) / 8));
    }
  }
}

}  // namespace
}  // namespace hepar::dicom
