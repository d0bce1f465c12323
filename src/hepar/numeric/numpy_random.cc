// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/numpy_random.h"

#include <fmt/format.h>

#include <bit>
#include <limits>
#include <numeric>

#include "hepar/core/error.h"

namespace hepar {

std::uint64_t NumpyRandom::up_to(std::uint64_t greatest) {
  if (greatest == 0) return 0;
  const std::uint64_t mask = std::numeric_limits<std::uint64_t>::max() >> std::countl_zero(greatest);
  const bool is_wide = greatest > std::numeric_limits<std::uint32_t>::max();
  for (;;) {
    std::uint64_t bits = generator_();
    if (is_wide) bits = bits << 32 | generator_();
    if ((bits & mask) <= greatest) return bits & mask;
  }
}

std::vector<std::uint32_t> NumpyRandom::permutation(std::uint32_t count) {
  std::vector<std::uint32_t> values(count);
  std::iota(values.begin(), values.end(), 0U);
  shuffle(std::span(values));
  return values;
}

std::vector<std::uint32_t> NumpyRandom::choice(std::uint32_t count, std::uint32_t chosen) {
  HEPAR_EXPECT(chosen <= count, fmt::format("{} of {}", chosen, count));
  std::vector<std::uint32_t> values = permutation(count);
  values.resize(chosen);
  values.shrink_to_fit();
  return values;
}

}  // namespace hepar
