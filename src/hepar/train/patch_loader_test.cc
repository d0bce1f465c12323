// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/patch_loader.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "hepar/core/error.h"

namespace hepar {
namespace {

Patch numbered(std::uint64_t index) {
  Patch patch;
  patch.case_index = index;
  return patch;
}

class PatchLoaderTest : public ::testing::TestWithParam<int> {};

TEST_P(PatchLoaderTest, GivesThePatchesInOrder) {
  std::atomic<int> drawn = 0;
  PatchLoader loader(
      [&](std::uint64_t index) {
        if (index % 3 == 0) std::this_thread::yield();  // others overtake
        ++drawn;
        return numbered(index);
      },
      7, 107, GetParam(), 4);
  for (std::uint64_t n = 7; n < 107; ++n) ASSERT_EQ(loader.next().case_index, n);
  EXPECT_EQ(drawn, 100);
  EXPECT_THROW(loader.next(), Error);
}

TEST_P(PatchLoaderTest, PassesAnExceptionOnAtItsPlace) {
  PatchLoader loader(
      [](std::uint64_t index) {
        if (index == 3) throw Error(ErrorCode::kCorrupt, "patch 3");
        return numbered(index);
      },
      0, 10, GetParam(), 8);
  for (std::uint64_t n = 0; n < 3; ++n) EXPECT_EQ(loader.next().case_index, n);
  try {
    loader.next();
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "patch 3");
  }
  EXPECT_EQ(loader.next().case_index, 4U);
}

TEST_P(PatchLoaderTest, EndsEarly) {
  std::atomic<int> drawn = 0;
  {
    PatchLoader loader([&](std::uint64_t index) { return ++drawn, numbered(index); }, 0, 1000000, GetParam(),
                       3);
    EXPECT_EQ(loader.next().case_index, 0U);
  }
  EXPECT_LE(drawn, 4);  // patch 0, and three ahead
}

INSTANTIATE_TEST_SUITE_P(Workers, PatchLoaderTest, ::testing::Values(1, 2, 5));

TEST(PatchLoader, DrawsAheadAndNoFurther) {
  std::latch three(3);
  std::atomic<std::uint64_t> last = 0;
  PatchLoader loader(
      [&](std::uint64_t index) {
        last = index;
        three.count_down();
        return numbered(index);
      },
      0, 3, 1, 3);
  three.wait();  // nobody asked yet
  EXPECT_EQ(last, 2U);
  EXPECT_EQ(loader.waited_s(), 0);
}

TEST(PatchLoader, DrawsSeveralAtOnce) {
  std::latch both(2);
  PatchLoader loader(
      [&](std::uint64_t index) {
        both.arrive_and_wait();  // one worker alone would wait for ever
        return numbered(index);
      },
      0, 2, 2, 2);
  EXPECT_EQ(loader.next().case_index, 0U);
  EXPECT_EQ(loader.next().case_index, 1U);
}

TEST(PatchLoader, RefusesNoWorkers) {
  EXPECT_THROW(PatchLoader(numbered, 0, 1, 0, 1), Error);
  EXPECT_THROW(PatchLoader(numbered, 0, 1, 1, 0), Error);
}

}  // namespace
}  // namespace hepar
