// SPDX-License-Identifier: Apache-2.0
#include "hepar/numeric/numpy_random.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"

namespace hepar {
namespace {
using testing::ElementsAre;

// Printed by NumPy 1.24.2: RandomState(seed).permutation(10).
TEST(NumpyRandom, PermutesAsNumpy) {
  EXPECT_THAT(NumpyRandom(0).permutation(10), ElementsAre(2, 8, 4, 9, 1, 6, 7, 3, 0, 5));
  EXPECT_THAT(NumpyRandom(1234).permutation(10), ElementsAre(7, 2, 9, 1, 0, 8, 4, 5, 6, 3));
  EXPECT_THAT(NumpyRandom(12345).permutation(10), ElementsAre(0, 7, 3, 9, 6, 4, 1, 8, 5, 2));
}

// Printed by NumPy 1.24.2: RandomState(7).randint(0, 2**32, 4), then .randint(0, 1000, 6).
TEST(NumpyRandom, DrawsWholeNumbersAsNumpy) {
  NumpyRandom random(7);
  for (const std::uint64_t expected : {327741615U, 976413892U, 3349725721U, 1369975286U}) {
    EXPECT_EQ(random.up_to(0xffffffffU), expected);
  }
  for (const std::uint64_t expected : {579U, 211U, 919U, 615U, 348U, 185U}) {
    EXPECT_EQ(random.up_to(999), expected);
  }
}

// Printed by NumPy 1.24.2: RandomState(7).randint(0, 2**40, 4).
TEST(NumpyRandom, TakesTwoWordsBeyond32Bits) {
  NumpyRandom random(7);
  for (const std::uint64_t expected : {752595690692U, 108744157686U, 291964244179U, 650496783975U}) {
    EXPECT_EQ(random.up_to((std::uint64_t{1} << 40) - 1), expected);
  }
}

TEST(NumpyRandom, DrawsNothingForZero) {
  NumpyRandom random(7);
  EXPECT_EQ(random.up_to(0), 0U);
  EXPECT_EQ(random.up_to(0xffffffffU), 327741615U);
}

// nnU-Net's own random 80:20 split of fold 5 (unit/index.json).
TEST(NumpyRandom, ChoosesAsNnunet) {
  const auto index = nlohmann::json::parse(std::ifstream(HEPAR_GOLDEN "/nnunet/unit/index.json"));
  const auto& fold = index.at("random_80_20_fold5");
  const auto n = fold.at("n").get<std::uint32_t>();
  EXPECT_EQ(NumpyRandom(12345 + 5).choice(n, n * 8 / 10), fold.at("tr").get<std::vector<std::uint32_t>>());
}

TEST(NumpyRandom, ChoosesNoMoreThanThereAre) {
  EXPECT_TRUE(NumpyRandom(1).choice(0, 0).empty());
  EXPECT_THROW(NumpyRandom(1).choice(3, 4), Error);
}

}  // namespace
}  // namespace hepar
