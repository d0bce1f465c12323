// SPDX-License-Identifier: Apache-2.0
#include "hepar/report/table_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "hepar/core/file.h"
#include "hepar/core/version.h"

namespace hepar {
namespace {

using Row = std::vector<std::string>;

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char byte) { return (byte & 0xC0U) != 0x80U; }));
}

std::string padded(const std::string& text, std::size_t width, bool left) {
  const std::string space(width - std::min(width, code_points(text)), ' ');
  return left ? text + space : space + text;
}

std::string escape_markdown(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    if (std::string_view("\\`*_[]<>|#~").find(letter) != std::string_view::npos) escaped += '\\';
    escaped += letter == '\n' ? ' ' : letter;
  }
  return escaped;
}

std::string escape_latex(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    switch (letter) {
      case '\\':
        escaped += "\\textbackslash{}";
        break;
      case '~':
        escaped += "\\textasciitilde{}";
        break;
      case '^':
        escaped += "\\textasciicircum{}";
        break;
      case '<':
        escaped += "$<$";
        break;
      case '>':
        escaped += "$>$";
        break;
      case '\n':
        escaped += ' ';
        break;
      default:
        if (std::string_view("&%$#_{}").find(letter) != std::string_view::npos) escaped += '\\';
        escaped += letter;
    }
  }
  return escaped;
}

std::string joined(const Row& cells, std::string_view separator, std::string (*escape)(const std::string&)) {
  std::string line;
  for (std::size_t n = 0; n < cells.size(); ++n) {
    if (n > 0) line += separator;
    line += escape(cells[n]);
  }
  return line;
}

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string csv_field(const std::string& field) {
  std::string text = field;
  const bool formula = !text.empty() && std::string_view("=@+-").find(text[0]) != std::string_view::npos;
  if (formula && !is_number(text)) text.insert(text.begin(), '\'');
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
  return quoted + "\"";
}

}  // namespace

std::string plain_table(const ReportTable& table) {
  std::vector<std::size_t> widths(table.columns.size());
  const auto widen = [&](const Row& row) {
    for (std::size_t n = 0; n < row.size(); ++n) widths[n] = std::max(widths[n], code_points(row[n]));
  };
  widen(table.columns);
  for (const Row& row : table.rows) widen(row);
  const auto line = [&](const Row& row) {
    std::string text;
    for (std::size_t n = 0; n < row.size(); ++n) {
      text += (n > 0 ? "  " : "") + padded(row[n], widths[n], n < table.text_columns);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  std::string text = table.caption.empty() ? "" : table.caption + "\n";
  if (!table.rows.empty()) text += line(table.columns);
  for (const Row& row : table.rows) text += line(row);
  return table.note.empty() ? text : text + table.note + "\n";
}

std::string markdown_table(const ReportTable& table) {
  std::string text = table.caption.empty() ? "" : "**" + escape_markdown(table.caption) + "**\n\n";
  const auto line = [](const Row& row) { return "| " + joined(row, " | ", escape_markdown) + " |\n"; };
  if (!table.rows.empty()) {
    text += line(table.columns) + "|";
    for (std::size_t n = 0; n < table.columns.size(); ++n)
      text += n < table.text_columns ? " --- |" : " ---: |";
    text += "\n";
    for (const Row& row : table.rows) text += line(row);
    if (!table.note.empty()) text += "\n";
  }
  return table.note.empty() ? text : text + escape_markdown(table.note) + "\n";
}

std::string latex_table(const ReportTable& table) {
  if (table.rows.empty()) return escape_latex(table.caption + ": " + table.note) + "\\par\n";
  std::string text = "\\begin{table}\n\\centering\n";
  if (!table.caption.empty()) text += "\\caption{" + escape_latex(table.caption) + "}\n";
  text += "\\begin{tabular}{";
  for (std::size_t n = 0; n < table.columns.size(); ++n) text += n < table.text_columns ? 'l' : 'r';
  const auto line = [](const Row& row) { return joined(row, " & ", escape_latex) + " \\\\\n"; };
  text += "}\n\\toprule\n" + line(table.columns) + "\\midrule\n";
  for (const Row& row : table.rows) text += line(row);
  text += "\\bottomrule\n\\end{tabular}\n";
  if (!table.note.empty()) text += "\\par\\smallskip " + escape_latex(table.note) + "\n";
  return text + "\\end{table}\n";
}

void write_tables(const std::vector<ReportTable>& tables, const std::filesystem::path& folder) {
  std::string markdown = fmt::format("{}\n", kDisclaimer), latex = fmt::format("% {}\n", kDisclaimer);
  for (const ReportTable& table : tables) {
    markdown.append(1, '\n').append(markdown_table(table));
    latex.append(1, '\n').append(latex_table(table));
  }
  write_text_file(folder / "tables.md", markdown);
  write_text_file(folder / "tables.tex", latex);
}

std::string csv_table(const Row& columns, const std::vector<Row>& rows) {
  std::string text = joined(columns, ",", csv_field) + "\n";
  for (const Row& row : rows) text += joined(row, ",", csv_field) + "\n";
  return text;
}

}  // namespace hepar
