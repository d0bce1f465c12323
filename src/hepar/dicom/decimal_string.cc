// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/decimal_string.h"

#include <fmt/format.h>

#include <cmath>

#include "hepar/core/error.h"

namespace hepar::dicom {
namespace {
constexpr std::size_t kLongest = 16;

void require_finite(double value) {
  if (std::isfinite(value)) return;
  throw Error(ErrorCode::kInvalidInput, "a DICOM attribute can't hold a number that is not finite");
}
}  // namespace

std::string decimal_string(double value) {
  require_finite(value);
  if (value == 0) return "0";
  for (int digits = 17; digits > 0; --digits) {
    std::string text = fmt::format("{:.{}g}", value, digits);
    if (text.size() <= kLongest) return text;
  }
  throw Error(ErrorCode::kInvalidInput, fmt::format("{} does not fit into a DICOM decimal string", value));
}

std::string decimal_strings(std::initializer_list<double> values) {
  std::string text;
  for (const double value : values) text.append(text.empty() ? "" : "\\").append(decimal_string(value));
  return text;
}

std::string coordinate_string(double value_mm) {
  require_finite(value_mm);
  if (std::abs(value_mm) > 1e6) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("a coordinate of {} mm lies beyond a kilometre", value_mm));
  }
  std::string text = fmt::format("{:.3f}", value_mm);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

}  // namespace hepar::dicom
