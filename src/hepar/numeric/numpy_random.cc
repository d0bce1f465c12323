// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/numpy_random.h"

#include <fmt/format.h>

#include <numeric>

#include "hepar/core/error.h"

namespace hepar {

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
