// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace hepar {

// Seeded random numbers that are the same on every machine and for every number of threads: the n-th
// draw is a hash of (key, n), and fork(stream) gives independent sequences without shared state.
// Hash: splitmix64, Steele, Lea & Flood, OOPSLA 2014.
class Random {
 public:
  explicit Random(std::uint64_t seed) : key_(mix(seed + kGolden)) {}
  // An independent sequence, numbered by the caller; does not advance this one.
  Random fork(std::uint64_t stream) const {
    return Random(key_ ^ mix(stream * kGolden + 0x632be59bd9b4e019ULL));
  }

  std::uint64_t next() { return mix(key_ + kGolden * ++count_); }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }  // [0, 1)
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  // Whole number in [low, high], both included.
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(uniform() * static_cast<double>(high - low + 1));
  }
  bool chance(double probability) { return uniform() < probability; }
  // Normal by Box & Muller, Ann. Math. Stat. 29:610, 1958; two draws each.
  double normal(double mean = 0, double sd = 1);

 private:
  static constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15ULL;
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::uint64_t key_;
  std::uint64_t count_ = 0;
};

}  // namespace hepar
