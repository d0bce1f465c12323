// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/report/document.h"

namespace hepar {

// A table as text of several kinds; caption first, note last, each only where there is one. Without rows only
// caption and note are written.

// Columns in line, for a terminal: text left, numbers right; widths count code points.
std::string plain_table(const ReportTable& table);

// GitHub's Markdown. What it would take for markup ("|", "*", "_", "<", ...) is escaped.
std::string markdown_table(const ReportTable& table);

// A LaTeX `table` with booktabs' rules, for pdfLaTeX with UTF-8; special characters are escaped.
std::string latex_table(const ReportTable& table);

// Writes all tables, after the disclaimer, as tables.md and tables.tex into an existing folder.
void write_tables(const std::vector<ReportTable>& tables, const std::filesystem::path& folder);

// RFC 4180: CRLF-free lines of `rows` under `columns`; a field with a comma, a quote or a line break is
// quoted, and one that a spreadsheet would take for a formula (beginning with "=", "@", or "+" or "-" without
// being a number) gets a "'" in front.
std::string csv_table(const std::vector<std::string>& columns,
                      const std::vector<std::vector<std::string>>& rows);

}  // namespace hepar
