// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/uid.h"

#include <gtest/gtest.h>

namespace hepar::dicom {
namespace {

// SHA-256 of "abc" begins ba7816bf8f01cfea414140de5dae2223 (FIPS 180-4, example); bc makes that decimal.
TEST(Uid, IsTheDigestAsADecimalNumber) {
  EXPECT_EQ(uid_from("abc"), "2.25.247859944228867399418143717509236138531");
  EXPECT_NE(uid_from("abd"), uid_from("abc"));
}

TEST(Uid, NewOnesDifferAndAreValid) {
  const std::string a = new_uid(), b = new_uid();
  EXPECT_NE(a, b);
  EXPECT_TRUE(is_uid(a)) << a;
}

TEST(Uid, KnowsTheRules) {
  EXPECT_TRUE(is_uid("1.2.840.10008.1.2"));
  EXPECT_TRUE(is_uid("1.0.3"));
  EXPECT_FALSE(is_uid(""));
  EXPECT_FALSE(is_uid("1..2"));
  EXPECT_FALSE(is_uid("1.2."));
  EXPECT_FALSE(is_uid(".1"));
  EXPECT_FALSE(is_uid("1.02"));
  EXPECT_FALSE(is_uid("1.2/../3"));
  EXPECT_TRUE(is_uid(std::string(64, '1')));
  EXPECT_FALSE(is_uid(std::string(65, '1')));
}

}  // namespace
}  // namespace hepar::dicom
