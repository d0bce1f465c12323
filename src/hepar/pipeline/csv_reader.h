// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hepar {

struct CsvRow {
  std::int64_t line = 0;  // where it begins, from 1
  std::vector<std::string> fields;
};

// Reads comma-separated values as RFC 4180 has them: quoted fields may hold commas, line ends and doubled
// quotes; lines end in LF or CRLF. A byte order mark at the start of a line (files put together) and empty
// lines are skipped. Error(kInvalidInput) naming the line for an open or misplaced quote, and for a zero
// byte, which UTF-16 text has.
std::vector<CsvRow> read_csv(std::string_view text);

}  // namespace hepar
