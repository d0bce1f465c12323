// SPDX-License-Identifier: Apache-2.0
#include "hepar/core/error.h"

#include <gtest/gtest.h>

namespace hepar {
namespace {

TEST(Error, DuringPrefixesAndKeepsTheCode) {
  const Error error = Error(ErrorCode::kCorrupt, "cut short").during("reading case 7");
  EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
  EXPECT_STREQ(error.what(), "reading case 7: cut short");
}

TEST(Error, EachCodeHasItsExitStatus) {
  EXPECT_EQ(exit_status(ErrorCode::kInvalidInput), 2);
  EXPECT_EQ(exit_status(ErrorCode::kExhausted), 6);
  EXPECT_EQ(exit_status(ErrorCode::kCancelled), 130);
  EXPECT_EQ(exit_status(ErrorCode::kInternal), 1);
}

TEST(Error, BrokenExpectationNamesThePlace) {
  try {
    HEPAR_EXPECT(1 + 1 == 3, "arithmetic holds");
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInternal);
    EXPECT_NE(std::string(error.what()).find("error_test.cc"), std::string::npos);
  }
}

}  // namespace
}  // namespace hepar
