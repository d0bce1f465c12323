// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace hepar {

// IEEE 754-2019 binary16 as bits: 1 sign, 5 exponent (bias 15), 10 fraction bits.
inline float float_from_half(std::uint16_t half) {
  const int exponent = (half >> 10) & 0x1f;
  const int fraction = half & 0x3ff;
  float magnitude;
  if (exponent == 0x1f) {
    magnitude = std::bit_cast<float>(0x7f800000u | static_cast<std::uint32_t>(fraction) << 13);
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(fraction | 0x400), exponent - 25);
  }
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

// Rounds to nearest, ties to even; too large becomes infinity.
inline std::uint16_t half_from_float(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000);
  const float magnitude = std::fabs(value);
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | 0x7e00);
  if (magnitude >= 65520.0f) return static_cast<std::uint16_t>(sign | 0x7c00);
  int exponent = -14;  // of the subnormals and of the smallest normal number
  if (magnitude >= 0x1p-14f) exponent = std::ilogb(magnitude);
  // In units of the last place; nearbyint rounds ties to even. A carry runs into the exponent field by
  // itself.
  const auto units = static_cast<int>(std::nearbyint(std::ldexp(magnitude, 10 - exponent)));
  const int biased = magnitude >= 0x1p-14f ? (exponent + 14) << 10 : 0;
  return static_cast<std::uint16_t>(sign | (biased + units));
}

// bfloat16: the upper half of a binary32.
inline float float_from_bfloat16(std::uint16_t value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}

}  // namespace hepar
