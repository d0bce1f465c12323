// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace hepar::io {

enum class NumberType {
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
  kFloat32,
  kFloat64
};

constexpr std::size_t size_of(NumberType type) {
  switch (type) {
    case NumberType::kInt8:
    case NumberType::kUint8:
      return 1;
    case NumberType::kInt16:
    case NumberType::kUint16:
      return 2;
    case NumberType::kInt32:
    case NumberType::kUint32:
    case NumberType::kFloat32:
      return 4;
    case NumberType::kInt64:
    case NumberType::kUint64:
    case NumberType::kFloat64:
      break;
  }
  return 8;
}

template <class T>
void convert(const std::byte* bytes, std::span<double> values) {
  for (std::size_t n = 0; n < values.size(); ++n) {
    T value;
    std::memcpy(&value, bytes + n * sizeof(T), sizeof(T));
    values[n] = static_cast<double>(value);
  }
}

// Fills `values` from as many packed numbers of `type` in this machine's byte order.
inline void to_double(NumberType type, const std::byte* bytes, std::span<double> values) {
  switch (type) {
    case NumberType::kInt8:
      return convert<std::int8_t>(bytes, values);
    case NumberType::kUint8:
      return convert<std::uint8_t>(bytes, values);
    case NumberType::kInt16:
      return convert<std::int16_t>(bytes, values);
    case NumberType::kUint16:
      return convert<std::uint16_t>(bytes, values);
    case NumberType::kInt32:
      return convert<std::int32_t>(bytes, values);
    case NumberType::kUint32:
      return convert<std::uint32_t>(bytes, values);
    case NumberType::kInt64:
      return convert<std::int64_t>(bytes, values);
    case NumberType::kUint64:
      return convert<std::uint64_t>(bytes, values);
    case NumberType::kFloat32:
      return convert<float>(bytes, values);
    case NumberType::kFloat64:
      return convert<double>(bytes, values);
  }
}

}  // namespace hepar::io
