// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/jpeg2000.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>

#include "hepar/core/error.h"
#include "hepar/dicom/synthetic_jpeg2000.h"

namespace hepar::dicom {
namespace {
using testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;
using Words = std::vector<std::uint16_t>;

constexpr std::uint32_t kColumns = 7, kRows = 5;

Words ramp(std::uint16_t step) {
  Words pixels(kColumns * kRows);
  for (std::size_t n = 0; n < pixels.size(); ++n) pixels[n] = static_cast<std::uint16_t>(step * n);
  return pixels;
}

Words decoded(const Bytes& bytes) {
  Bytes pixels(2 * kColumns * kRows);
  decode_jpeg2000(bytes, kColumns, kRows, pixels);
  Words words(kColumns * kRows);
  std::memcpy(words.data(), pixels.data(), pixels.size());
  return words;
}

std::string refusal(const Bytes& bytes, std::uint32_t columns = kColumns, std::uint32_t rows = kRows) {
  Bytes pixels(2 * std::size_t{columns} * rows);
  try {
    decode_jpeg2000(bytes, columns, rows, pixels);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
    return error.what();
  }
  return "taken";
}

TEST(Jpeg2000, EveryBitOfLosslessPixels) {
  EXPECT_EQ(decoded(encode_jpeg2000(ramp(1872), kColumns, kRows)), ramp(1872));  // up to 63648
  EXPECT_EQ(decoded(encode_jpeg2000(ramp(120), kColumns, kRows, 12)), ramp(120));
}

TEST(Jpeg2000, NegativePixelsAsTwosComplement) {
  Words pixels = ramp(50);
  for (std::uint16_t& value : pixels) value = static_cast<std::uint16_t>(value - 1024);
  EXPECT_EQ(decoded(encode_jpeg2000(pixels, kColumns, kRows, 16, true)), pixels);
}

TEST(Jpeg2000, BytesToo) {
  Bytes pixels(kColumns * kRows);
  decode_jpeg2000(encode_jpeg2000(ramp(7), kColumns, kRows, 8), kColumns, kRows, pixels);
  EXPECT_TRUE(std::ranges::equal(pixels, ramp(7)));  // up to 238
}

TEST(Jpeg2000, BoxesBeforeTheCodestreamAreSkipped) {
  Bytes bytes = encode_jpeg2000(ramp(3), kColumns, kRows);
  const Bytes boxes{0, 0, 0, 12, 'j', 'P', ' ', ' ', 13, 10, 0x87, 10, 0, 0, 0, 0, 'j', 'p', '2', 'c'};
  bytes.insert(bytes.begin(), boxes.begin(), boxes.end());
  EXPECT_EQ(decoded(bytes), ramp(3));
}

TEST(Jpeg2000, AnotherSizeIsRefusedBeforeDecoding) {
  const Bytes bytes = encode_jpeg2000(ramp(3), kColumns, kRows);
  EXPECT_THAT(refusal(bytes, 8, 5), HasSubstr("7 x 5 pixels instead of 8 x 5"));
  EXPECT_THAT(refusal(Bytes(64)), HasSubstr("no codestream"));
  EXPECT_THAT(refusal({}), HasSubstr("no codestream"));
  EXPECT_THAT(refusal(Bytes(bytes.begin(), bytes.begin() + 20)), HasSubstr("cut short"));
}

TEST(Jpeg2000, TilesWithoutNumberAreRefused) {
  constexpr std::uint32_t kEdge = 64;
  Bytes bytes = encode_jpeg2000(Words(kEdge * kEdge, 9), kEdge, kEdge);
  std::ranges::fill_n(bytes.begin() + 24, 8, std::uint8_t{0});  // XTsiz and YTsiz (A.5.1)
  bytes[27] = bytes[31] = 1;
  EXPECT_THAT(refusal(bytes, kEdge, kEdge), HasSubstr("tiles"));
}

// Pixels that are all different leave no byte that nothing depends on.
TEST(Jpeg2000, CutShortAnywhereIsRefused) {
  Words pixels(kColumns * kRows);
  for (std::size_t n = 0; n < pixels.size(); ++n)
    pixels[n] = static_cast<std::uint16_t>(n * n * 40503 % 65521);
  const Bytes bytes = encode_jpeg2000(pixels, kColumns, kRows);
  ASSERT_EQ(decoded(bytes), pixels);
  for (std::size_t length = 0; length + 2 < bytes.size(); ++length) {  // the last two are the end's marker
    EXPECT_NE(refusal(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length))), "taken")
        << length << " of " << bytes.size();
  }
}

}  // namespace
}  // namespace hepar::dicom
