// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/region_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ParseRegion, TakesANameAndLabels) {
  const RegionSpec region = parse_region("whole-liver_2=1,2,255");
  EXPECT_EQ(region.name, "whole-liver_2");
  EXPECT_THAT(region.labels, ElementsAre(1, 2, 255));
  EXPECT_THAT(parse_region("a=7").labels, ElementsAre(7));
}

TEST(ParseRegion, RefusesAllElseWithAnExample) {
  for (const char* text : {"", "tumour", "=2", "a b=2", "a=", "a=0", "a=256", "a=1,", "a=1,,2", "a=x",
                           "a=1 2", "a=-1", "a=1.5", "a=99999999999999999999"}) {
    try {
      parse_region(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
      EXPECT_THAT(error.what(), HasSubstr("liver=1,2,3"));
    }
  }
}

}  // namespace
}  // namespace hepar
