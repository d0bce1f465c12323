// SPDX-License-Identifier: Apache-2.0
#include "hepar/core/error.h"

#include <fmt/format.h>

#include <array>

namespace hepar {

int exit_status(ErrorCode code) noexcept {
  constexpr std::array kStatus{2, 3, 4, 5, 6, 130, 1};
  return kStatus[static_cast<std::size_t>(code)];
}

Error Error::during(std::string_view action) const { return {code_, fmt::format("{}: {}", action, what())}; }

void detail::fail_expectation(const char* condition, const char* file, int line, const std::string& text) {
  throw Error(ErrorCode::kInternal, fmt::format("{}:{}: expected {}: {}", file, line, condition, text));
}

}  // namespace hepar
