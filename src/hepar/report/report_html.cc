// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hepar/core/file.h"
#include "hepar/digest/sha256.h"
#include "hepar/report/case_html.h"
#include "hepar/report/document.h"
#include "hepar/report/html_text.h"
#include "hepar/report/page_assets.h"
#include "hepar/report/slice_view.h"
#include "hepar/report/table_html.h"

namespace hepar {
namespace {

// One shape for each verdict, so that none is told by colour alone.
constexpr std::string_view kSymbols =
    "<svg hidden>"
    "<symbol id=\"i-tumour\" viewBox=\"0 0 16 16\"><circle cx=\"8\" cy=\"8\" r=\"6\" "
    "fill=\"currentColor\"/></symbol>"
    "<symbol id=\"i-cyst\" viewBox=\"0 0 16 16\"><circle cx=\"8\" cy=\"8\" r=\"5.5\" fill=\"none\" "
    "stroke=\"currentColor\" stroke-width=\"2\" stroke-dasharray=\"3.4 2.36\"/></symbol>"
    "<symbol id=\"i-doubtful\" viewBox=\"0 0 16 16\"><path d=\"M8 1.5 15 14H1zM7.2 6v4h1.6V6zm0 "
    "5v1.6h1.6V11z\" "
    "fill=\"currentColor\" fill-rule=\"evenodd\"/></symbol>"
    "<symbol id=\"i-opened\" viewBox=\"0 0 16 16\"><path d=\"M2 8h12\" stroke=\"currentColor\" "
    "stroke-width=\"2.5\"/></symbol>"
    "<symbol id=\"i-missed\" viewBox=\"0 0 16 16\"><path d=\"m3 3 10 10M13 3 3 13\" stroke=\"currentColor\" "
    "stroke-width=\"2.5\"/></symbol></svg>\n";

constexpr std::string_view kHelp =
    "<dialog id=\"help\" aria-labelledby=\"help-title\"><h2 id=\"help-title\">Keys</h2><dl>"
    "<dt><kbd>n</kbd> <kbd>j</kbd></dt><dd>next case</dd><dt><kbd>p</kbd> <kbd>k</kbd></dt><dd>previous "
    "case</dd>"
    "<dt><kbd>&#8592;</kbd> <kbd>&#8594;</kbd></dt><dd>move the slider that has the focus</dd>"
    "<dt><kbd>1</kbd> to <kbd>5</kbd></dt><dd>show or hide an outline</dd>"
    "<dt><kbd>?</kbd></dt><dd>these keys</dd></dl><button type=\"button\" "
    "id=\"help-close\">Close</button></dialog>\n";

std::size_t count_verdicts(const ReportCase& report, std::string_view verdict) {
  return static_cast<std::size_t>(
      std::count_if(report.lesions.begin(), report.lesions.end(),
                    [&](const ReportLesion& lesion) { return lesion.verdict == verdict; }));
}

std::string sha256_source(std::string_view bytes) { return fmt::format("'sha256-{}'", sha256_base64(bytes)); }

// frame-ancestors would be ignored in an element.
std::string policy() {
  return fmt::format(
      "default-src 'none'; img-src data:; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
      sha256_source(page_style()), sha256_source(page_script()));
}

std::string head(const ReportDocument& document) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n"
      "<style>{}</style>\n</head>\n",
      policy(), escape_html(document.title), page_style());
}

// How many lesions there are of each verdict.
std::string tally(const std::vector<ReportCase>& cases) {
  if (cases.empty()) return {};
  std::string html = fmt::format("<ul class=\"tally\"><li><b>{}</b>{}</li>", cases.size(),
                                 cases.size() == 1 ? "case" : "cases");
  for (const ReportVerdict& verdict : kReportVerdicts) {
    std::size_t count = 0;
    for (const ReportCase& report : cases) count += count_verdicts(report, verdict.name);
    if (count > 0) html += fmt::format("<li><b>{}</b>{}</li>", count, badge_html(verdict.name));
  }
  return html + "</ul>\n";
}

std::string opening(const ReportDocument& document) {
  std::string html = fmt::format("<header class=\"top\"><h1>{}</h1>\n", escape_html(document.title));
  if (!document.disclaimer.empty()) {
    html += fmt::format("<p class=\"disclaimer\" role=\"note\">{}</p>\n", escape_html(document.disclaimer));
  }
  if (!document.banner.empty())
    html += fmt::format("<p class=\"banner\">{}</p>\n", escape_html(document.banner));
  return html + tally(document.cases) + "</header>\n";
}

bool has_layer(const ReportDocument& document, std::string_view layer) {
  for (const ReportCase& report : document.cases) {
    for (const ReportLesion& lesion : report.lesions) {
      for (const ReportSlice& slice : lesion.stack.slices) {
        for (const ReportOutline& outline : slice.outlines) {
          if (outline.layer == layer) return true;
        }
      }
    }
  }
  return false;
}

// Works without the script: the style hides a layer whose box is not checked.
std::string layer_boxes(const ReportDocument& document) {
  std::string boxes;
  for (std::size_t n = 0; n < kReportLayers.size(); ++n) {
    const auto& [name, label] = kReportLayers[n];
    if (!has_layer(document, name)) continue;
    boxes += fmt::format(
        "<label><input type=\"checkbox\" id=\"show-{0}\" checked><svg class=\"swatch\" viewBox=\"0 0 32 "
        "14\"><path "
        "class=\"{0}\" d=\"M0 7h32\"/></svg>{1} <kbd>{2}</kbd></label>",
        name, label, n + 1);
  }
  if (boxes.empty()) return {};
  return fmt::format("<fieldset><legend>Outlines</legend>{}</fieldset>", boxes);
}

std::string bar(const ReportDocument& document, bool worth_a_look) {
  std::string links;
  if (!document.summary.empty()) links += "<a href=\"#summary\">Summary</a>";
  if (worth_a_look) links += "<a href=\"#look\">Worth a look</a>";
  if (!document.cases.empty()) links += "<a href=\"#cases\">Cases</a>";
  if (!document.provenance.empty()) links += "<a href=\"#provenance\">Provenance</a>";
  return fmt::format(
      "<nav class=\"bar\" aria-label=\"Report\"><div class=\"links\">{}</div>{}<div class=\"js tools\">"
      "<button type=\"button\" id=\"previous\" aria-label=\"Previous case\">&#8593;</button>"
      "<button type=\"button\" id=\"next\" aria-label=\"Next case\">&#8595;</button>"
      "<button type=\"button\" id=\"theme\" aria-pressed=\"false\">Dark</button>"
      "<button type=\"button\" id=\"keys\" aria-label=\"Keys\">?</button></div></nav>\n",
      links, layer_boxes(document));
}

// One row for each lesion of that verdict.
std::string look_rows(const std::vector<ReportCase>& cases, std::string_view verdict) {
  std::string rows;
  for (std::size_t c = 0; c < cases.size(); ++c) {
    for (std::size_t n = 0; n < cases[c].lesions.size(); ++n) {
      const ReportLesion& lesion = cases[c].lesions[n];
      if (lesion.verdict != verdict) continue;
      rows += fmt::format(
          "<tr><th scope=\"row\">{}</th><td><a href=\"#{}\">{}</a></td><td>{}</td><td>{}</td></tr>\n",
          escape_html(cases[c].name), lesion_anchor(c, n), escape_html(lesion.title), badge_html(verdict),
          escape_html(lesion.reason));
    }
  }
  return rows;
}

std::string worth_a_look(const std::vector<ReportCase>& cases) {
  std::string rows;
  for (const ReportVerdict& verdict : kReportVerdicts) {
    if (verdict.worth_a_look) rows += look_rows(cases, verdict.name);
  }
  if (rows.empty()) return {};
  return fmt::format(
      "<section id=\"look\"><h2>Worth a look</h2>\n<div class=\"wide\"><table class=\"t4 sort "
      "look\"><caption>Lesions "
      "that are doubtful, missed or changed by the opening</caption><thead><tr><th scope=\"col\">Case</th>"
      "<th scope=\"col\">Lesion</th><th scope=\"col\">Verdict</th><th "
      "scope=\"col\">Why</th></tr></thead><tbody>\n{}"
      "</tbody></table></div></section>\n",
      rows);
}

std::string case_row(const ReportCase& report, std::size_t number,
                     const std::vector<std::string_view>& verdicts) {
  std::string html = fmt::format("<tr><th scope=\"row\"><a href=\"#{}\">{}</a></th><td>{}</td><td>{}</td>",
                                 case_anchor(number), escape_html(report.name), escape_html(report.group),
                                 escape_html(report.headline));
  for (const std::string_view verdict : verdicts) {
    const std::size_t count = count_verdicts(report, verdict);
    html += fmt::format("<td class=\"{}\">{}</td>", count == 0 ? "none" : verdict, count);
  }
  return html + "</tr>\n";
}

std::string case_table(const std::vector<ReportCase>& cases) {
  std::vector<std::string_view> verdicts;
  std::string columns, rows;
  for (const ReportVerdict& verdict : kReportVerdicts) {
    const bool given = std::any_of(cases.begin(), cases.end(), [&](const ReportCase& report) {
      return count_verdicts(report, verdict.name) > 0;
    });
    if (!given) continue;
    verdicts.push_back(verdict.name);
    columns += fmt::format("<th scope=\"col\">{}</th>", verdict.name);
  }
  for (std::size_t n = 0; n < cases.size(); ++n) rows += case_row(cases[n], n, verdicts);
  return fmt::format(
      "<div class=\"wide\"><table class=\"t3 sort\"><caption>All cases, with their lesions by "
      "verdict</caption><thead>"
      "<tr><th scope=\"col\">Case</th><th scope=\"col\">Group</th><th "
      "scope=\"col\">Result</th>{}</tr></thead><tbody>\n"
      "{}</tbody></table></div>\n",
      columns, rows);
}

std::string cases_html(const std::vector<ReportCase>& cases) {
  if (cases.empty()) return {};
  std::string html = "<section id=\"cases\"><h2>Cases</h2>\n" + case_table(cases);
  for (std::size_t n = 0; n < cases.size(); ++n) html += case_html(cases[n], n);
  return html + "</section>\n";
}

std::string main_html(const ReportDocument& document, const std::string& look) {
  std::string html = "<main>\n";
  if (!document.summary.empty()) {
    html += "<div id=\"summary\">\n";
    for (const ReportSection& section : document.summary) html += section_html(section);
    html += "</div>\n";
  }
  html += look + cases_html(document.cases);
  if (!document.provenance.empty()) {
    html += "<section id=\"provenance\"><h2>Provenance</h2>\n";
    for (const ReportTable& table : document.provenance) html += table_html(table);
    html += "</section>\n";
  }
  return html + "</main>\n";
}

}  // namespace

std::string report_html(const ReportDocument& document) {
  const std::string look = worth_a_look(document.cases);
  std::string html = head(document);
  html += "<body>\n";
  html += kSymbols;
  html += opening(document);
  html += bar(document, !look.empty());
  html += main_html(document, look);
  html += fmt::format("<footer class=\"print\">{}</footer>\n", escape_html(document.disclaimer));
  html += kHelp;
  html += fmt::format("<script>{}</script>\n</body>\n</html>\n", page_script());
  return html;
}

void write_report(const std::filesystem::path& path, const ReportDocument& document) {
  write_text_file(path, report_html(document));
}

}  // namespace hepar
