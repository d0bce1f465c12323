// SPDX-License-Identifier: Apache-2.0
#include "hepar/tensors/pickle_numpy.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "hepar/tensors/byte_count.h"
#include "hepar/tensors/half.h"

namespace hepar {
namespace {
using Kind = PickleValue::Kind;

bool is_multiarray_call(const PickleValue& value, std::string_view function, std::size_t least_arguments) {
  for (std::string name : {"numpy.core.multiarray.", "numpy._core.multiarray."}) {
    if (value.is_call(name.append(function), least_arguments)) return true;
  }
  return false;
}

// dtype('f8', False, True) with the state (3, '<', ...).
bool read_type(const PickleValue& dtype, NumpyValue& result) {
  if (!dtype.is_call("numpy.dtype", 1) || !dtype.argument(0).is(Kind::kText)) return false;
  constexpr std::string_view kTypes[] = {"b1", "i1", "i2", "i4", "i8", "u1",
                                         "u2", "u4", "u8", "f2", "f4", "f8"};
  const std::string_view name = dtype.argument(0).text;
  if (std::find(std::begin(kTypes), std::end(kTypes), name) == std::end(kTypes)) return false;
  result.kind = name[0];
  result.element_bytes = static_cast<std::size_t>(name[1] - '0');
  const PickleValue* state = dtype.state;
  result.is_big_endian = state != nullptr && state->is(Kind::kTuple) && state->items.size() > 1 &&
                         state->items[1]->is(Kind::kText) && state->items[1]->text == ">";
  return true;
}

// The code points below 256 of UTF-8 as bytes: how protocol 2 carries bytes.
std::optional<std::string> latin1(std::string_view text) {
  std::string bytes;
  for (std::size_t n = 0; n < text.size(); ++n) {
    const auto first = static_cast<unsigned char>(text[n]);
    if (first < 0x80) {
      bytes.push_back(text[n]);
      continue;
    }
    if ((first != 0xc2 && first != 0xc3) || n + 1 == text.size()) return {};
    bytes.push_back(static_cast<char>((first & 3) << 6 | (static_cast<unsigned char>(text[++n]) & 0x3f)));
  }
  return bytes;
}

// The size is compared first, so that the work is never more than what the shape asks for.
bool read_bytes(const PickleValue& value, NumpyValue& result) {
  const auto wanted = byte_count(result.shape, result.element_bytes);
  if (!wanted) return false;
  if (value.is(Kind::kBytes)) {
    if (value.text.size() == *wanted) result.bytes = value.text;
    return value.text.size() == *wanted;
  }
  const bool is_encoded = value.is_call("_codecs.encode", 2) && value.argument(0).is(Kind::kText);
  if (!is_encoded || value.argument(0).text.size() / 2 > *wanted) return false;
  auto bytes = latin1(value.argument(0).text);
  if (!bytes || bytes->size() != *wanted) return false;
  result.bytes = std::move(*bytes);
  return true;
}

std::optional<NumpyValue> scalar(const PickleValue& value) {
  NumpyValue result;
  if (!read_type(value.argument(0), result) || !read_bytes(value.argument(1), result)) return {};
  return result;
}

// The state of an array: (version, shape, dtype, is_fortran_order, bytes).
std::optional<NumpyValue> array(const PickleValue& value) {
  const PickleValue* state = value.state;
  if (state == nullptr || !state->is(Kind::kTuple) || state->items.size() != 5) return {};
  const PickleValue &shape = *state->items[1], &is_fortran = *state->items[3];
  NumpyValue result;
  if (!shape.is(Kind::kTuple) || shape.items.empty() || shape.items.size() > 32) return {};
  for (const auto* size : shape.items) {
    if (!size->is(Kind::kInteger)) return {};
    result.shape.push_back(size->integer);
  }
  if (!is_fortran.is(Kind::kBool) || is_fortran.integer != 0) return {};
  if (!read_type(*state->items[2], result) || !read_bytes(*state->items[4], result)) return {};
  return result;
}

template <class T>
T value_of(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

NumpyValue::Number whole_number(const char* bytes, std::size_t size, bool is_signed) {
  std::uint64_t value = is_signed && (bytes[size - 1] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (std::size_t n = size; n-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[n]);
  if (is_signed) return static_cast<std::int64_t>(value);
  return value;
}

}  // namespace

NumpyValue::Number NumpyValue::number(std::size_t n) const {
  char element[8] = {};
  std::memcpy(element, bytes.data() + n * element_bytes, element_bytes);
  if (is_big_endian) std::reverse(element, element + element_bytes);
  if (kind == 'b') return element[0] != 0;
  if (kind != 'f') return whole_number(element, element_bytes, kind == 'i');
  if (element_bytes == 2) return static_cast<double>(float_from_half(value_of<std::uint16_t>(element)));
  if (element_bytes == 4) return static_cast<double>(value_of<float>(element));
  return value_of<double>(element);
}

std::optional<NumpyValue> numpy_value(const PickleValue& value) {
  if (is_multiarray_call(value, "scalar", 2)) return scalar(value);
  if (is_multiarray_call(value, "_reconstruct", 1)) return array(value);
  return {};
}

}  // namespace hepar
