// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hepar::dicom {

// One bit per pixel as DICOM packs them: pixel n is bit n % 8 of byte n / 8, the lowest first (PS3.5 D.1).

// Packs values of 0 and 1.
std::vector<std::uint8_t> pack_bits(std::span<const std::uint8_t> values);

// Fills `values` with the first values.size() bits.
void unpack_bits(std::span<const std::uint8_t> bits, std::span<std::uint8_t> values);

// `count` bits from bit `first` on, which need not begin a byte.
std::vector<std::uint8_t> cut_bits(std::span<const std::uint8_t> bits, std::size_t first, std::size_t count);

// Puts `count` bits at bit `first` of `target`, whose bits from there on are 0.
void place_bits(std::span<const std::uint8_t> bits, std::size_t count, std::span<std::uint8_t> target,
                std::size_t first);

}  // namespace hepar::dicom
