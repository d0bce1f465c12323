// SPDX-License-Identifier: Apache-2.0
#pragma once

// float16 rounding for tests, from its definition alone.

#include <algorithm>
#include <cmath>

namespace hepar {

// The nearest float16, ties to even: 10 bits behind the leading one, steps of 2^-24 at the least.
inline double nearest_half(double value) {
  if (value == 0) return 0;
  const int exponent = std::max(std::ilogb(value), -14);
  return std::ldexp(std::nearbyint(std::ldexp(value, 10 - exponent)), exponent - 10);
}

}  // namespace hepar
