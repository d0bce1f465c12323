// SPDX-License-Identifier: Apache-2.0
#include "hepar/report/case_html.h"

#include <fmt/format.h>

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/report/histogram_svg.h"
#include "hepar/report/html_text.h"
#include "hepar/report/slice_view.h"
#include "hepar/report/table_html.h"

namespace hepar {
namespace {

std::string facts_html(const ReportLesion& lesion) {
  if (lesion.facts.empty()) return {};
  std::string html = "<dl>";
  for (const auto& [name, value] : lesion.facts) {
    html += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", escape_html(name), escape_html(value));
  }
  return html + "</dl>";
}

std::string lesion_html(const ReportLesion& lesion, const std::string& anchor) {
  std::string text;
  if (!lesion.reason.empty()) text += fmt::format("<p class=\"reason\">{}</p>", escape_html(lesion.reason));
  text += facts_html(lesion);
  if (lesion.histogram) text += histogram_html(*lesion.histogram);
  return fmt::format(
      "<section class=\"lesion\" id=\"{0}\"><h4>{1} {2}</h4><div class=\"body\">{3}<div "
      "class=\"say\">{4}</div></div>"
      "</section>\n",
      anchor, escape_html(lesion.title), badge_html(lesion.verdict),
      slice_view_html(lesion.stack, anchor + "-slice"), text);
}

}  // namespace

std::string badge_html(std::string_view verdict) {
  if (verdict.empty()) return {};
  const bool known = std::any_of(kReportVerdicts.begin(), kReportVerdicts.end(),
                                 [&](const ReportVerdict& one) { return one.name == verdict; });
  HEPAR_EXPECT(known, fmt::format("a lesion with the verdict {}", verdict));
  return fmt::format("<span class=\"badge {0}\"><svg><use href=\"#i-{0}\"/></svg>{0}</span>", verdict);
}

std::string case_anchor(std::size_t case_number) { return fmt::format("case-{}", case_number + 1); }

std::string lesion_anchor(std::size_t case_number, std::size_t lesion_number) {
  return fmt::format("{}-{}", case_anchor(case_number), lesion_number + 1);
}

std::string case_html(const ReportCase& report, std::size_t case_number) {
  const std::string group =
      report.group.empty() ? "" : fmt::format("<span class=\"group\">{}</span>", escape_html(report.group));
  std::string html = fmt::format(
      "<article class=\"case\" id=\"{}\"><header><h3 tabindex=\"-1\">{}</h3>{}<p>{}</p></header>\n",
      case_anchor(case_number), escape_html(report.name), group, escape_html(report.headline));
  if (!report.notes.empty()) {
    html += "<ul class=\"notes\">";
    for (const std::string& note : report.notes) html += fmt::format("<li>{}</li>", escape_html(note));
    html += "</ul>\n";
  }
  for (const ReportTable& table : report.tables) html += table_html(table);
  for (std::size_t n = 0; n < report.lesions.size(); ++n) {
    html += lesion_html(report.lesions[n], lesion_anchor(case_number, n));
  }
  if (report.lesions.empty()) html += "<p class=\"note\">No lesion.</p>\n";
  return html + "</article>\n";
}

}  // namespace hepar
