// SPDX-License-Identifier: Apache-2.0
#include "hepar/report/table_text.h"

#include <gtest/gtest.h>

namespace hepar {
namespace {

ReportTable small() {
  ReportTable table;
  table.caption = "Tumour_1";
  table.columns = {"case", "DSC"};
  table.rows = {{"a|b", "0.91"}, {"M\xC3\xBCller", "-"}};
  table.note = "n < 5";
  return table;
}

TEST(PlainTable, AlignsTextLeftAndNumbersRightByCodePoints) {
  EXPECT_EQ(plain_table(small()),
            "Tumour_1\n"
            "case     DSC\n"
            "a|b     0.91\n"
            "M\xC3\xBCller     -\n"
            "n < 5\n");
}

TEST(MarkdownTable, EscapesMarkup) {
  EXPECT_EQ(markdown_table(small()),
            "**Tumour\\_1**\n\n"
            "| case | DSC |\n"
            "| --- | ---: |\n"
            "| a\\|b | 0.91 |\n"
            "| M\xC3\xBCller | - |\n"
            "\nn \\< 5\n");
}

TEST(LatexTable, EscapesSpecialCharacters) {
  ReportTable table = small();
  table.rows = {{"50% of {A} & B_1", "$~^\\#"}};
  EXPECT_EQ(latex_table(table),
            "\\begin{table}\n\\centering\n\\caption{Tumour\\_1}\n\\begin{tabular}{lr}\n\\toprule\n"
            "case & DSC \\\\\n\\midrule\n"
            "50\\% of \\{A\\} \\& B\\_1 & \\$\\textasciitilde{}\\textasciicircum{}\\textbackslash{}\\# \\\\\n"
            "\\bottomrule\n\\end{tabular}\n\\par\\smallskip n $<$ 5\n\\end{table}\n");
}

TEST(Tables, WithoutRowsHaveNoColumnsEither) {
  ReportTable table = small();
  table.rows.clear();
  EXPECT_EQ(plain_table(table), "Tumour_1\nn < 5\n");
  EXPECT_EQ(markdown_table(table), "**Tumour\\_1**\n\nn \\< 5\n");
  EXPECT_EQ(latex_table(table), "Tumour\\_1: n $<$ 5\\par\n");
}

TEST(CsvTable, QuotesWhatNeedsItAndDisarmsFormulas) {
  EXPECT_EQ(
      csv_table({"a", "b"}, {{"x,y", "say \"hi\""}, {"-0.5", "+1e-3"}, {"=1+1", "-x"}, {"", "two\nlines"}}),
      "a,b\n"
      "\"x,y\",\"say \"\"hi\"\"\"\n"
      "-0.5,+1e-3\n"
      "'=1+1,'-x\n"
      ",\"two\nlines\"\n");
}

}  // namespace
}  // namespace hepar
