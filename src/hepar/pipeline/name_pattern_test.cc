// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/name_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace hepar {
namespace {

TEST(NamePattern, MatchesWholeNames) {
  EXPECT_TRUE(matches_pattern("Liver", "liver"));
  EXPECT_TRUE(matches_pattern(" LIVER ", "Liver"));
  EXPECT_FALSE(matches_pattern("Liver_L", "liver"));
  EXPECT_FALSE(matches_pattern("Live", "liver"));
  EXPECT_TRUE(matches_pattern("", ""));
  EXPECT_FALSE(matches_pattern("", "?"));
}

TEST(NamePattern, StarsAndQuestionMarks) {
  EXPECT_TRUE(matches_pattern("GTV", "gtv*"));
  EXPECT_TRUE(matches_pattern("GTV 1 boost", "gtv*"));
  EXPECT_FALSE(matches_pattern("PTV-GTV", "gtv*"));
  EXPECT_TRUE(matches_pattern("PTV-GTV", "*gtv*"));
  EXPECT_TRUE(matches_pattern("abcbcd", "a*bcd"));  // the star must take "bc" after a first try
  EXPECT_TRUE(matches_pattern("met_1", "met_?"));
  EXPECT_FALSE(matches_pattern("met_10", "met_?"));
  EXPECT_TRUE(matches_pattern("anything", "**"));
  EXPECT_TRUE(matches_pattern("L\u00e9sion", "l?sion"));
  EXPECT_FALSE(matches_pattern("L\u00e9sion", "l??sion"));
  EXPECT_TRUE(matches_pattern("GTV 1", " GTV* "));
}

TEST(NamePattern, ManyStarsTakeNoLong) {
  EXPECT_FALSE(matches_pattern(std::string(2000, 'a'), "*a*a*a*a*a*a*a*a*b"));
}

}  // namespace
}  // namespace hepar
