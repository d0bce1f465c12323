// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hepar/report/document.h"

namespace hepar {

// A table in a box of its own, which scrolls where the page is too narrow; the first column heads its rows.
std::string table_html(const ReportTable& table);

// Title, paragraphs, tables, figures.
std::string section_html(const ReportSection& section);

}  // namespace hepar
