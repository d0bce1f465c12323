// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace hepar {
namespace {

// Bit patterns from IEEE 754-2019 table 3.5: exponent bias 15, 10 fraction bits.
TEST(Half, KnownPatterns) {
  EXPECT_EQ(float_from_half(0x3c00), 1.0f);
  EXPECT_EQ(float_from_half(0xc000), -2.0f);
  EXPECT_EQ(float_from_half(0x7bff), 65504.0f);  // (2 - 2^-10) * 2^15
  EXPECT_EQ(float_from_half(0x0001), 0x1p-24f);  // smallest subnormal
  EXPECT_EQ(float_from_half(0x0400), 0x1p-14f);  // smallest normal
  EXPECT_EQ(float_from_half(0xfc00), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(float_from_half(0x7e00)));
}

TEST(Half, EveryHalfSurvivesTheRoundTrip) {
  for (int bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = float_from_half(half);
    if (std::isnan(value)) continue;
    ASSERT_EQ(half_from_float(value), half);
  }
}

TEST(Half, RoundsTiesToEven) {
  // Between 1 and 2 the steps are 2^-10: 1 + 2^-11 lies half way and goes to the even 1, 1 + 3 * 2^-11 to 1 +
  // 2^-9.
  EXPECT_EQ(half_from_float(1.0f + 0x1p-11f), 0x3c00);
  EXPECT_EQ(half_from_float(1.0f + 3 * 0x1p-11f), 0x3c02);
  EXPECT_EQ(half_from_float(2.0f - 0x1p-12f), 0x4000);  // carries into the exponent
  EXPECT_EQ(half_from_float(0x1p-25f), 0x0000);         // half the smallest subnormal
  EXPECT_EQ(half_from_float(65519.0f), 0x7bff);
  EXPECT_EQ(half_from_float(-65520.0f), 0xfc00);
}

TEST(BFloat16, IsTheUpperHalfOfAFloat) {
  EXPECT_EQ(float_from_bfloat16(0x3f80), 1.0f);
  EXPECT_EQ(float_from_bfloat16(0xc040), -3.0f);  // sign 1, exponent 128, fraction .5
}

}  // namespace
}  // namespace hepar
