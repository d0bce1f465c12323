// SPDX-License-Identifier: Apache-2.0
#include "hepar/report/table_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "hepar/core/error.h"
#include "hepar/report/html_text.h"

namespace hepar {
namespace {

constexpr std::size_t kMostTextColumns = 6;  // that the style knows; beyond it all columns are words

std::string row_html(const std::vector<std::string>& row) {
  std::string html = "<tr>";
  for (std::size_t n = 0; n < row.size(); ++n) {
    html += n == 0 ? "<th scope=\"row\">" : "<td>";
    html += escape_html(row[n]);
    html += n == 0 ? "</th>" : "</td>";
  }
  return html + "</tr>\n";
}

std::string figure_html(const ReportFigure& figure) {
  return fmt::format(
      "<figure class=\"plot\"><img src=\"{}\" alt=\"{}\"><figcaption>{}</figcaption></figure>\n",
      picture_uri(figure.media_type, figure.bytes), escape_html(figure.alt_text),
      escape_html(figure.caption));
}

}  // namespace

std::string table_html(const ReportTable& table) {
  std::string columns, rows;
  for (const std::string& column : table.columns) {
    columns += fmt::format("<th scope=\"col\">{}</th>", escape_html(column));
  }
  for (const auto& row : table.rows) {
    HEPAR_EXPECT(row.size() == table.columns.size(),
                 fmt::format("the table {} has {} columns and a row of {}", table.caption,
                             table.columns.size(), row.size()));
    rows += row_html(row);
  }
  const std::string caption =
      table.caption.empty() ? "" : fmt::format("<caption>{}</caption>", escape_html(table.caption));
  const std::string note =
      table.note.empty() ? "" : fmt::format("<p class=\"note\">{}</p>", escape_html(table.note));
  if (rows.empty()) return fmt::format("<p>{}</p>{}\n", escape_html(table.caption), note);
  return fmt::format(
      "<div class=\"wide\"><table "
      "class=\"t{}\">{}<thead><tr>{}</tr></thead><tbody>\n{}</tbody></table></div>{}\n",
      std::min(table.text_columns, kMostTextColumns), caption, columns, rows, note);
}

std::string section_html(const ReportSection& section) {
  std::string html = fmt::format("<section><h2>{}</h2>\n", escape_html(section.title));
  for (const std::string& text : section.paragraphs) html += fmt::format("<p>{}</p>\n", escape_html(text));
  for (const ReportTable& table : section.tables) html += table_html(table);
  if (!section.figures.empty()) {
    html += "<div class=\"plots\">";
    for (const ReportFigure& figure : section.figures) html += figure_html(figure);
    html += "</div>";
  }
  return html + "</section>\n";
}

}  // namespace hepar
