// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>

namespace hepar::dicom {

// A number as a Decimal String (PS3.5 6.2): up to 16 bytes, with as many digits as fit (fixed notation where
// that loses none of them, else scientific), never "-0". Error(kInvalidInput) when it is not finite.
std::string decimal_string(double value);

// Several, joined by backslashes.
std::string decimal_strings(std::initializer_list<double> values);

// A coordinate in mm with up to three decimals, without trailing zeros. Error(kInvalidInput) when it is not
// finite or beyond a kilometre.
std::string coordinate_string(double value_mm);

}  // namespace hepar::dicom
