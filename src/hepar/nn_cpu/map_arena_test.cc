// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn_cpu/map_arena.h"

#include <gtest/gtest.h>

namespace hepar::cpu {
namespace {

TEST(MapArena, MapsShareAPlaceUnlessAStepNeedsBoth) {
  // A chain: step n reads map n and writes map n + 1, and the last step reads the first map again.
  MapArena arena;
  const auto skip = arena.add(100), first = arena.add(160), second = arena.add(160), last = arena.add(160);
  arena.use(skip, 0);
  arena.use(first, 0);
  arena.use(first, 1);
  arena.use(second, 1);
  arena.use(second, 2);
  arena.use(last, 2);
  arena.use(skip, 2);
  arena.place();
  // Two maps of 160 at a time, and 100 rounded up to whole cache lines of 16: 112.
  EXPECT_EQ(arena.total(), 160 + 160 + 112);
  EXPECT_EQ(arena.offset(first), arena.offset(last));
  EXPECT_NE(arena.offset(first), arena.offset(second));
  EXPECT_EQ(arena.offset(skip), 320);
}

TEST(MapArena, SmallMapsFillGaps) {
  MapArena arena;
  const auto large = arena.add(320), middle = arena.add(160), small = arena.add(64);
  arena.use(large, 0);
  arena.use(middle, 0);
  arena.use(middle, 1);
  arena.use(small, 1);
  arena.place();
  EXPECT_EQ(arena.total(), 480);
  EXPECT_EQ(arena.offset(small), 0) << "where the large one was";
}

TEST(MapArena, NobodysMapsTakeNoMemory) {
  MapArena arena;
  arena.add(1000);
  arena.place();
  EXPECT_EQ(arena.total(), 0);
}

}  // namespace
}  // namespace hepar::cpu
