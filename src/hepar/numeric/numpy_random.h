// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace hepar {

// NumPy's RandomState, draw by draw: what nnU-Net draws with its fixed seeds (splits, class locations,
// fingerprints) comes out the same here. Generator: MT19937, Matsumoto & Nishimura, ACM Trans. Model.
// Comput. Simul. 8(1):3, 1998, seeded as numpy.random.RandomState(seed) does. NumPy keeps these sequences
// as they are (NEP 19), so they hold for every version of it.
class NumpyRandom {
 public:
  explicit NumpyRandom(std::uint32_t seed) : generator_(seed) {}

  // A whole number in [0, greatest]: randint(0, greatest + 1). Masked rejection (numpy
  // random/src/distributions/distributions.c, random_interval): as many bits as `greatest` has are drawn
  // until they are not above it. Nothing is drawn for 0.
  std::uint64_t up_to(std::uint64_t greatest) {
    if (greatest == 0) return 0;
    const std::uint64_t mask = std::numeric_limits<std::uint64_t>::max() >> std::countl_zero(greatest);
    const bool is_wide = greatest > std::numeric_limits<std::uint32_t>::max();
    for (;;) {
      std::uint64_t bits = generator_();
      if (is_wide) bits = bits << 32 | generator_();
      if ((bits & mask) <= greatest) return bits & mask;
    }
  }

  // RandomState.shuffle: Fisher & Yates from the last element down.
  template <class T>
  void shuffle(std::span<T> values) {
    for (std::size_t n = values.size(); n > 1; --n) {
      std::swap(values[n - 1], values[static_cast<std::size_t>(up_to(n - 1))]);
    }
  }
  // RandomState.permutation(count): 0 .. count - 1 shuffled.
  std::vector<std::uint32_t> permutation(std::uint32_t count);
  // RandomState.choice(count, chosen, replace=False); needs chosen <= count. O(count), as there.
  std::vector<std::uint32_t> choice(std::uint32_t count, std::uint32_t chosen);
  // RandomState.choice(count, chosen) with replacement is up_to(count - 1), `chosen` times.

 private:
  std::mt19937 generator_;
};

}  // namespace hepar
