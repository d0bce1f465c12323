// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/decimal_string.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "hepar/core/error.h"

namespace hepar::dicom {
namespace {

TEST(DecimalString, HoldsAsManyDigitsAsFit) {
  EXPECT_EQ(decimal_string(0.0), "0");
  EXPECT_EQ(decimal_string(-0.0), "0");
  EXPECT_EQ(decimal_string(5), "5");
  EXPECT_EQ(decimal_string(-100.25), "-100.25");
  EXPECT_EQ(decimal_string(1.0 / 3), "0.33333333333333");  // 16 bytes
  EXPECT_EQ(decimal_strings({1, 0, 0.5}), "1\\0\\0.5");
}

TEST(DecimalString, NeverExceedsSixteenBytes) {
  for (const double value : {-1.0 / 3, 1e300 / 7, -1e-300 / 7, -123456789.123456789, 1e17 / 3}) {
    const std::string text = decimal_string(value);
    EXPECT_LE(text.size(), 16U) << text;
    EXPECT_NEAR(std::strtod(text.c_str(), nullptr) / value, 1, 1e-8) << text;
  }
}

TEST(DecimalString, CoordinatesHaveThreeDecimals) {
  EXPECT_EQ(coordinate_string(12.34567), "12.346");
  EXPECT_EQ(coordinate_string(-0.0001), "0");
  EXPECT_EQ(coordinate_string(-250), "-250");
  EXPECT_EQ(coordinate_string(1.5), "1.5");
  EXPECT_EQ(coordinate_string(100), "100");
}

TEST(DecimalString, RefusesWhatIsNoNumberOrNoPlace) {
  EXPECT_THROW(decimal_string(std::nan("")), Error);
  EXPECT_THROW(coordinate_string(HUGE_VAL), Error);
  EXPECT_THROW(coordinate_string(2e6), Error);
}

}  // namespace
}  // namespace hepar::dicom
