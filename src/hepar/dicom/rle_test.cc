// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/rle.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"

namespace hepar::dicom {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

// A frame of segments at the given offsets after the header of 64 bytes.
Bytes frame(const std::vector<std::uint32_t>& offsets, const Bytes& segments) {
  Bytes bytes(64);
  bytes[0] = static_cast<std::uint8_t>(offsets.size());
  for (std::size_t n = 0; n < offsets.size(); ++n) {
    for (std::size_t byte = 0; byte < 4; ++byte)
      bytes[4 + 4 * n + byte] = static_cast<std::uint8_t>(offsets[n] >> 8 * byte);
  }
  bytes.insert(bytes.end(), segments.begin(), segments.end());
  return bytes;
}

std::string refusal(const Bytes& bytes, int width, std::size_t size) {
  Bytes pixels(size);
  try {
    decode_rle(bytes, width, pixels);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
    return error.what();
  }
  return "taken";
}

TEST(Rle, RunsAndLiterals) {
  Bytes pixels(7);
  // 254 repeats the next byte 257 - 254 = 3 times; 128 does nothing; 3 copies the next 4.
  decode_rle(frame({64}, {254, 9, 128, 3, 1, 2, 3, 4}), 1, pixels);
  EXPECT_THAT(pixels, ElementsAre(9, 9, 9, 1, 2, 3, 4));
}

TEST(Rle, TheHighBytesComeFirst) {
  Bytes pixels(4);
  // High bytes 0x12 0x12, low bytes 0x34 0x56: the words 0x1234 0x1256.
  decode_rle(frame({64, 66}, {255, 0x12, 1, 0x34, 0x56}), 2, pixels);
  EXPECT_THAT(pixels, ElementsAre(0x34, 0x12, 0x56, 0x12));
}

TEST(Rle, DamagedFrames) {
  EXPECT_THAT(refusal(Bytes(63), 1, 4), HasSubstr("header"));
  EXPECT_THAT(refusal(frame({64}, {254, 9}), 2, 4), HasSubstr("1 segments for 2 bytes"));
  EXPECT_THAT(refusal(frame({0x80000048}, {254, 9}), 1, 3), HasSubstr("outside"));
  EXPECT_THAT(refusal(frame({64, 0x80000048}, {254, 9}), 2, 6), HasSubstr("outside"));
  EXPECT_THAT(refusal(frame({4}, {254, 9}), 1, 3), HasSubstr("outside"));
  EXPECT_THAT(refusal(frame({64}, {254, 9}), 1, 4), HasSubstr("cut short"));
  EXPECT_THAT(refusal(frame({64}, {3, 1, 2, 3}), 1, 4), HasSubstr("cut short"));
  EXPECT_THAT(refusal(frame({64}, {254}), 1, 3), HasSubstr("cut short"));
}

}  // namespace
}  // namespace hepar::dicom
