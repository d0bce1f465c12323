// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/uid.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace hepar::dicom {
namespace {

// SHA-256 of "abc" begins ba7816bf-8f01-cfea-4141-40de5dae2223 (FIPS 180-4, example). As a UUID of version 8
// the third group begins with 8 and the fourth with binary 10: ba7816bf-8f01-8fea-8141-40de5dae2223; bc makes
// that decimal.
TEST(Uid, IsTheDigestAsADecimalNumber) {
  EXPECT_EQ(uid_from("abc"), "2.25.247859944228867097191300499870369849891");
  EXPECT_NE(uid_from("abd"), uid_from("abc"));
}

TEST(Uid, NewOnesDifferAndAreValid) {
  const std::string a = new_uid(), b = new_uid();
  EXPECT_NE(a, b);
  EXPECT_TRUE(is_uid(a)) << a;
  // The variant is the highest two bits of a UUID's lower half: 1 and 0 (RFC 9562 4.1).
  std::uint64_t low = 0;  // the number modulo 2^64
  for (const char digit : a.substr(5)) low = 10 * low + static_cast<std::uint64_t>(digit - '0');
  EXPECT_EQ(low >> 62, 2U) << a;
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
