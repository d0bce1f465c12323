// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

namespace hepar {

namespace detail {
// All ones where a < b, else 0; both below 2^31. Choosing by masks keeps branches out of the conversions, so
// that loops over them become vector code.
inline std::uint32_t mask_below(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(a - b) >> 31);
}
inline std::uint32_t choose(std::uint32_t mask, std::uint32_t yes, std::uint32_t no) {
  return (yes & mask) | (no & ~mask);
}
}  // namespace detail

// IEEE 754-2019 binary16 as bits: 1 sign, 5 exponent (bias 15), 10 fraction bits.
inline float float_from_half(std::uint16_t half) {
  const std::uint32_t magnitude = half & 0x7fffu;
  const std::uint32_t shifted = (magnitude << 13) + 0x38000000u;  // the exponent's bias becomes 127
  // A subnormal is 2^-14 too large once its fraction stands behind a leading 1.
  const auto subnormal = std::bit_cast<std::uint32_t>(std::bit_cast<float>(shifted + 0x800000u) - 0x1p-14f);
  std::uint32_t bits = detail::choose(detail::mask_below(magnitude, 0x400u), subnormal, shifted);
  bits += ~detail::mask_below(magnitude, 0x7c00u) & 0x38000000u;  // infinity and NaN
  return std::bit_cast<float>(bits | static_cast<std::uint32_t>(half & 0x8000u) << 16);
}

// Rounds to nearest, ties to even; too large becomes infinity.
inline std::uint16_t half_from_float(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  // Adding 0.5 leaves the subnormal's fraction, rounded to 2^-24, in the lowest bits of the sum.
  const std::uint32_t subnormal =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u;
  // A carry of the rounding runs into the exponent by itself.
  const std::uint32_t normal = (magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1u)) >> 13;
  std::uint32_t half = detail::choose(detail::mask_below(magnitude, 0x38800000u), subnormal, normal);
  half = detail::choose(detail::mask_below(magnitude, 0x47800000u), half, 0x7c00u);
  half |= detail::mask_below(0x7f800000u, magnitude) & 0x7e00u;  // NaN
  return static_cast<std::uint16_t>(half | (bits >> 16 & 0x8000u));
}

// bfloat16: the upper half of a binary32.
inline float float_from_bfloat16(std::uint16_t value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}

}  // namespace hepar
