// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <array>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/digest/sha256.h"
#include "hepar/report/document.h"

namespace hepar {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ReportLesion lesion(const std::string& title, const std::string& verdict) {
  ReportLesion lesion{.title = title, .verdict = verdict, .reason = "reason of " + title};
  lesion.facts = {{"Volume", "4.2 mL"}};
  lesion.stack = {
      .width = 10, .height = 10, .slices = {{"z 1", "image/png", "p", {{"filtered", {{{1, 1}, {2, 2}}}}}}}};
  lesion.histogram = ReportHistogram{.first_hu = 5, .counts = {1, 2, 1}};
  return lesion;
}

ReportDocument small_document() {
  ReportDocument document{.title = "Trial", .disclaimer = "For research only.", .banner = "Phantoms."};
  ReportSection section{.title = "Findings", .paragraphs = {"One paragraph."}};
  section.tables.push_back({.caption = "Table 1",
                            .columns = {"Metric", "Stage", "Mean"},
                            .rows = {{"DSC", "before", "0.7"}},
                            .text_columns = 2,
                            .note = "A note."});
  section.figures.push_back({"Figure 1", "two boxes", "image/svg+xml", "<svg/>"});
  document.summary.push_back(section);
  document.cases = {{.name = "case_a", .group = "portal", .headline = "DSC 0.7"}, {.name = "case_b"}};
  document.cases[0].lesions = {lesion("Lesion 1", "tumour"), lesion("Lesion 2", "doubtful"),
                               lesion("Lesion 3", "")};
  document.cases[0].notes = {"Noisy."};
  document.provenance.push_back(
      {.caption = "Software", .columns = {"Item", "Value"}, .rows = {{"Hepar", "1"}}});
  return document;
}

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t start = text.find(begin);
  if (start == std::string::npos) return {};
  const std::size_t first = start + begin.size();
  return text.substr(first, text.find(end, first) - first);
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; ++at) ++found;
  return found;
}

std::string source_of(const std::string& bytes) { return "'sha256-" + sha256_base64(bytes) + "'"; }

// Elements that are closed in another order than they were opened, outside scripts and the style.
std::vector<std::string> unbalanced(const std::string& html) {
  const std::vector<std::string> void_elements{"meta", "input", "img", "!DOCTYPE"};
  std::vector<std::string> open, faults;
  for (std::size_t at = 0; (at = html.find('<', at)) != std::string::npos;) {
    const std::size_t end = html.find('>', at);
    const std::string tag = html.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(0, tag.find_first_of(" /", 1));
    at = end;
    if (tag[0] == '/') {
      if (open.empty() || "/" + open.back() != tag) faults.push_back(tag);
      if (!open.empty()) open.pop_back();
    } else if (tag.back() != '/' &&
               std::find(void_elements.begin(), void_elements.end(), name) == void_elements.end()) {
      open.push_back(name);
      if (name == "script" || name == "style") at = html.find("</" + name, at);
    }
  }
  faults.insert(faults.end(), open.begin(), open.end());
  return faults;
}

TEST(ReportHtml, ThePolicyAllowsItsOwnStyleAndScriptOnly) {
  const std::string html = report_html(small_document());
  const std::string style = between(html, "<style>", "</style>"),
                    script = between(html, "<script>", "</script>");
  ASSERT_FALSE(style.empty() || script.empty());
  EXPECT_EQ(between(html, "http-equiv=\"Content-Security-Policy\" content=\"", "\">"),
            "default-src 'none'; img-src data:; style-src " + source_of(style) + "; script-src " +
                source_of(script) + "; base-uri 'none'; form-action 'none'");
  EXPECT_LT(html.find("http-equiv=\"Content-Security-Policy\""), html.find("<style>"));
}

TEST(ReportHtml, NeedsNothingThatThePolicyForbids) {
  const std::string html = report_html(small_document());
  EXPECT_EQ(count(html, "<script>"), 1U);
  EXPECT_EQ(count(html, "<style"), 1U);
  EXPECT_THAT(html, Not(HasSubstr(" style=")));
  EXPECT_THAT(html, Not(testing::ContainsRegex(" on[a-z]+=")));
  EXPECT_THAT(html, Not(HasSubstr("://")));
  EXPECT_THAT(html, Not(HasSubstr("<link")));
}

TEST(ReportHtml, IsWellFormed) {
  EXPECT_THAT(unbalanced(report_html(small_document())), IsEmpty());
  EXPECT_THAT(unbalanced("<p><b></p></b>"), Not(IsEmpty()));
}

TEST(ReportHtml, PutsTheSummaryFirstThenTheCases) {
  const std::string html = report_html(small_document());
  std::size_t last = 0;
  for (const std::string part :
       {"<h1>Trial</h1>", "For research only.", "Phantoms.", "<h2>Findings</h2>", "Worth a look",
        "id=\"cases\"", "id=\"case-1\"", "id=\"case-1-3\"", "id=\"case-2\"", "id=\"provenance\"",
        "<footer class=\"print\">For research only."}) {
    const std::size_t at = html.find(part, last);
    ASSERT_NE(at, std::string::npos) << part;
    last = at;
  }
}

TEST(ReportHtml, LinksTheDoubtfulLesionsAndEachCase) {
  const std::string look = between(report_html(small_document()), "<section id=\"look\">", "</section>");
  EXPECT_THAT(look, HasSubstr("<a href=\"#case-1-2\">Lesion 2</a>"));
  EXPECT_THAT(look, HasSubstr("reason of Lesion 2"));
  EXPECT_THAT(look, Not(HasSubstr("Lesion 1")));
  const std::string table = between(report_html(small_document()), "All cases", "</table>");
  // Columns for the verdicts that occur: tumour and doubtful.
  EXPECT_THAT(table, HasSubstr("<a href=\"#case-1\">case_a</a></th><td>portal</td><td>DSC 0.7</td>"
                               "<td class=\"tumour\">1</td><td class=\"doubtful\">1</td></tr>"));
  EXPECT_THAT(table, HasSubstr("<a href=\"#case-2\">case_b</a></th><td></td><td></td>"
                               "<td class=\"none\">0</td><td class=\"none\">0</td></tr>"));
}

TEST(ReportHtml, PutsTheDoubtfulBeforeTheMissed) {
  ReportDocument document = small_document();
  document.cases[0].lesions = {lesion("First", "missed"), lesion("Second", "opened")};
  document.cases[1].lesions = {lesion("Third", "doubtful")};
  const std::string look = between(report_html(document), "<section id=\"look\">", "</section>");
  EXPECT_LT(look.find("#case-2-1"), look.find("#case-1-2"));
  EXPECT_LT(look.find("#case-1-2"), look.find("#case-1-1"));
  EXPECT_NE(look.find("#case-1-1"), std::string::npos);
}

TEST(ReportHtml, SaysVerdictsInWordsBesideAShape) {
  const std::string html = report_html(small_document());
  EXPECT_THAT(html,
              HasSubstr("<h4>Lesion 2 <span class=\"badge doubtful\"><svg><use href=\"#i-doubtful\"/></svg>"
                        "doubtful</span></h4>"));
  for (const std::string verdict : {"tumour", "cyst", "doubtful", "opened", "missed"}) {
    EXPECT_EQ(count(html, "<symbol id=\"i-" + verdict + "\""), 1U);
  }
  EXPECT_THAT(html, HasSubstr("<h4>Lesion 3 </h4>"));  // without a verdict
}

TEST(ReportHtml, TablesNameTheirRowsAndColumns) {
  const std::string html = report_html(small_document());
  EXPECT_THAT(
      html,
      HasSubstr("<table class=\"t2\"><caption>Table 1</caption><thead><tr><th scope=\"col\">Metric</th>"));
  EXPECT_THAT(html, HasSubstr("<tr><th scope=\"row\">DSC</th><td>before</td><td>0.7</td></tr>"));
  EXPECT_THAT(html, HasSubstr("<img src=\"data:image/svg+xml;base64,PHN2Zy8+\" alt=\"two boxes\">"));
}

TEST(ReportHtml, OffersOnlyLayersThatAreDrawn) {
  const std::string html = report_html(small_document());
  EXPECT_THAT(html, HasSubstr("id=\"show-filtered\" checked"));
  EXPECT_THAT(html, Not(HasSubstr("id=\"show-cyst\"")));
}

TEST(ReportHtml, ShowsTextAsText) {
  const std::string evil = "<img src=x>\"'&\xFF";
  const std::string shown = "&lt;img src=x&gt;&quot;&#39;&amp;\xEF\xBF\xBD";
  ReportDocument document{.title = evil, .disclaimer = evil, .banner = evil};
  const ReportTable table{.caption = evil, .columns = {evil}, .rows = {{evil}}, .note = evil};
  document.summary = {
      {.title = evil, .paragraphs = {evil}, .tables = {table}, .figures = {{evil, evil, "image/png", ""}}}};
  document.provenance = {table};
  ReportLesion doubtful = lesion(evil, "doubtful");
  doubtful.reason = evil;
  doubtful.facts = {{evil, evil}};
  doubtful.stack.slices[0].label = evil;
  document.cases = {{.name = evil,
                     .group = evil,
                     .headline = evil,
                     .tables = {table},
                     .lesions = {doubtful},
                     .notes = {evil}}};
  const std::string html = report_html(document);
  EXPECT_THAT(html, Not(HasSubstr("<img src=x")));
  EXPECT_THAT(unbalanced(html), IsEmpty());
  // Title twice, disclaimer twice, banner; 3 tables of 4; title, paragraph, caption, alternative; case: 3 in
  // the table, 3 at its head, a note; lesion: case, title, reason above, title, reason, 2 facts, slice below.
  EXPECT_EQ(count(html, shown), 2U + 2 + 1 + 3 * 4 + 4 + 3 + 3 + 1 + 3 + 5);
}

TEST(ReportHtml, TakesAnEmptyDocument) {
  const std::string html = report_html({});
  EXPECT_THAT(unbalanced(html), IsEmpty());
  EXPECT_THAT(html, Not(HasSubstr("id=\"cases\"")));
  EXPECT_THAT(html, Not(HasSubstr("id=\"look\"")));
  EXPECT_THAT(html, Not(HasSubstr("<fieldset>")));
}

TEST(ReportHtml, TakesACaseWithoutLesions) {
  ReportDocument document;
  document.cases = {{.name = "empty"}};
  const std::string html = report_html(document);
  EXPECT_THAT(between(html, "id=\"case-1\"", "</article>"), HasSubstr("No lesion."));
  EXPECT_THAT(html, Not(HasSubstr("id=\"look\"")));
}

TEST(ReportHtml, RefusesABrokenDocument) {
  ReportDocument document = small_document();
  document.cases[0].lesions[0].verdict = "maybe";
  EXPECT_THROW(report_html(document), Error);
  document = small_document();
  document.provenance[0].rows.push_back({"one cell"});
  EXPECT_THROW(report_html(document), Error);
  document = small_document();
  document.cases[0].lesions[0].stack.pixel_width_mm = std::numeric_limits<double>::infinity();
  EXPECT_THROW(report_html(document), Error);
}

TEST(WriteReport, WritesThePage) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "hepar_report_test.html";
  write_report(path, small_document());
  EXPECT_EQ(read_text_file(path), report_html(small_document()));
  std::filesystem::remove(path);
  EXPECT_THROW(write_report(path / "no" / "report.html", small_document()), Error);
}

}  // namespace
}  // namespace hepar
