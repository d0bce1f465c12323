// SPDX-License-Identifier: Apache-2.0
// The draws against NumPy itself; registered where it is installed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "hepar/numeric/numpy_random.h"
#include "hepar/numeric/test_peer.h"

namespace hepar {
namespace {
using nlohmann::json;

// One generator after another: shuffle, draws with replacement, choice without, mixed, so that a draw too
// many shows in what follows.
constexpr const char* kPeer = R"(
import json, sys
import numpy as np
answers = []
for seed in (0, 1, 1234, 12345, 2**32 - 1):
    random = np.random.RandomState(seed)
    for n in list(range(1, 70)) + [255, 256, 257, 4095, 4096, 4097, 65537, 100000]:
        values = list(range(n))
        random.shuffle(values)
        answers.append({
            'seed': seed, 'n': n, 'shuffled': values[-200:],
            'drawn': random.choice(n, 50).tolist(),
            'chosen': random.choice(n, (n + 1) // 2, replace=False).tolist()[:200],
            'wide': [int(random.randint(0, n * (1 << 33))) for _ in range(3)]})
json.dump(answers, open(sys.argv[2], 'w'))
)";

TEST(Numpy, DrawsTheSameForManySizes) {
  const json answers = ask_peer(HEPAR_PEER_PYTHON, kPeer, {});
  ASSERT_EQ(answers.size(), 5U * 77U);
  NumpyRandom random(0);
  std::uint32_t seed = 0;
  for (const json& answer : answers) {
    const auto n = answer["n"].get<std::uint32_t>();
    if (answer["seed"] != seed) {
      seed = answer["seed"].get<std::uint32_t>();
      random = NumpyRandom(seed);
    }
    SCOPED_TRACE(fmt::format("seed {}, {} values", seed, n));
    std::vector<std::uint32_t> shuffled = random.permutation(n);
    if (n > 200) shuffled.erase(shuffled.begin(), shuffled.end() - 200);
    ASSERT_EQ(shuffled, answer["shuffled"].get<std::vector<std::uint32_t>>());
    for (const json& drawn : answer["drawn"]) ASSERT_EQ(random.up_to(n - 1), drawn.get<std::uint64_t>());
    std::vector<std::uint32_t> chosen = random.choice(n, (n + 1) / 2);
    if (chosen.size() > 200) chosen.resize(200);
    ASSERT_EQ(chosen, answer["chosen"].get<std::vector<std::uint32_t>>());
    for (const json& wide : answer["wide"]) {
      ASSERT_EQ(random.up_to(n * (std::uint64_t{1} << 33) - 1), wide.get<std::uint64_t>());
    }
  }
}

}  // namespace
}  // namespace hepar
