// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/uid_ends.h"

#include <gtest/gtest.h>

namespace hepar {
namespace {

TEST(UidEnds, AreTheLastCharacters) {
  EXPECT_EQ(uid_end("1.2.345", 3), "345");
  EXPECT_EQ(uid_end("1.2", 8), "1.2");
}

TEST(UidEnds, AreAsLongAsTellsThemApart) {
  EXPECT_EQ(telling_length({"1.2.3", "1.2.4"}, 1), 1U);
  EXPECT_EQ(telling_length({"1.2.3", "1.2.4"}, 6), 6U);
  EXPECT_EQ(telling_length({"9.1.222", "9.3.222"}, 1), 5U);  // 1.222 and 3.222
  EXPECT_EQ(telling_length({"9.1.222", "9.1.222"}, 2), 2U);  // one UID twice is one UID
  EXPECT_EQ(telling_length({}, 6), 6U);
}

}  // namespace
}  // namespace hepar
