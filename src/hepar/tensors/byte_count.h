// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace hepar {

// Elements times size in bytes, or nothing when a size is negative or the product leaves 64 bits.
inline std::optional<std::uint64_t> byte_count(std::span<const std::int64_t> shape,
                                               std::size_t element_bytes) {
  std::uint64_t bytes = element_bytes;
  for (const auto size : shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes)) return {};
  }
  return bytes;
}

}  // namespace hepar
