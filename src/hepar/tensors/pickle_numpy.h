// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "hepar/tensors/pickle.h"

namespace hepar {

// A NumPy scalar or array inside a pickle, written under the names of NumPy 1 or 2.
struct NumpyValue {
  using Number = std::variant<bool, std::int64_t, std::uint64_t, double>;
  char kind = 'f';                // as in NumPy's array protocol: b, i, u or f
  std::size_t element_bytes = 0;  // 1, 2, 4 or 8
  bool is_big_endian = false;
  std::vector<std::int64_t> shape;  // last axis fastest; empty: a scalar
  std::string bytes;

  Number number(std::size_t n) const;
};

// Nothing when the value is no such thing, holds no plain numbers, is in Fortran order, or its size does not
// fit its bytes. Source: numpy/core/src/multiarray/methods.c, array_reduce, and scalartypes.c.src,
// gentype_reduce.
std::optional<NumpyValue> numpy_value(const PickleValue& value);

}  // namespace hepar
