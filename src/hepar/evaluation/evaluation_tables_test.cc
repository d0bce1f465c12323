// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/evaluation_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hepar/evaluation/test_maps.h"

namespace hepar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Two cases: in x one of two lesions is found and nothing invented; in y nothing is right.
Evaluation two_cases() {
  Evaluation evaluation;
  MethodResult method{"A", {}};
  method.cases.push_back(evaluate_maps("x", row({1, 2, 1, 1, 0}), row({1, 2, 1, 2, 0})));
  method.cases.push_back(evaluate_maps("y", row({1, 2, 1, 1, 0}), row({1, 1, 1, 2, 0})));
  evaluation.methods = {method};
  return evaluation;
}

TEST(SummaryTable, ListsWhatHasValues) {
  constexpr std::string_view kDice[] = {"dsc"};
  const ReportTable table = summary_table(two_cases(), kDice);
  ASSERT_EQ(table.rows.size(), 2U);  // no cyst anywhere
  // Liver 1 and 1. Tumour 2 * 1 / (1 + 2) = 0.667 and 0: mean 0.333, SD 0.667 / sqrt 2.
  EXPECT_THAT(table.rows[0], ElementsAre("A", "liver", "DSC", "2", "1.000", "0.000", "1.000", "1.000",
                                         "1.000", "1.000", "1.000"));
  EXPECT_THAT(table.rows[1], ElementsAre("A", "tumour", "DSC", "2", "0.333", "0.471", "0.000", "0.167",
                                         "0.333", "0.500", "0.667"));
}

TEST(CaseTable, PutsTheMethodsOfACaseTogether) {
  Evaluation evaluation = two_cases();
  evaluation.methods.push_back(evaluation.methods[0]);
  evaluation.methods[1].name = "B";
  constexpr std::string_view kShown[] = {"dsc", "volume_ml"};
  const ReportTable table = case_table(evaluation, kShown);
  // There is no cyst anywhere; its volume, 0 mL, is defined all the same.
  EXPECT_THAT(table.columns, ElementsAre("case", "method", "liver DSC", "liver Volume (mL)", "tumour DSC",
                                         "tumour Volume (mL)", "cyst Volume (mL)"));
  ASSERT_EQ(table.rows.size(), 4U);
  EXPECT_THAT(table.rows[1], ElementsAre("x", "B", "1.000", "4.00", "0.667", "1.00", "0.00"));
}

TEST(DetectionTables, CountLesionsBySize) {
  const auto tables = detection_tables(two_cases());
  ASSERT_EQ(tables.size(), 1U);  // no cyst anywhere
  // 1 mL is a ball of 12.4 mm. Three lesions, one found; two predicted, one of them wrong.
  EXPECT_THAT(tables[0].rows[0], ElementsAre("A", "all", "3", "1", "33 %", "2", "1", "50 %", "0.40", "0.50"));
  ASSERT_EQ(tables[0].rows.size(), 2U);  // all, and the only size class that has lesions
  EXPECT_EQ(tables[0].rows[1][1], "10 to below 20 mm");
  EXPECT_EQ(tables[0].rows[1][2], "3");
  EXPECT_THAT(tables[0].note, HasSubstr("0.1 or more"));
}

TEST(CohortTables, AreThoseOfLits) {
  const auto tables = cohort_tables(two_cases());
  ASSERT_EQ(tables.size(), 1U);
  // Tumour: Dice per case (2/3 + 0) / 2; global 2 * 1 / (2 + 3). Burden: 1/4 against 2/4 and 1/4 against 1/4.
  EXPECT_THAT(tables[0].rows[1], ElementsAre("A", "tumour", "0.333", "0.400", "0.1768", "0.2500"));
  Evaluation other = two_cases();
  other.options.regions[0].name = "organ";
  EXPECT_TRUE(cohort_tables(other).empty());
}

TEST(ComparisonTable, SaysWhenThereIsTooLittleAndLeavesOutWhatIsAlike) {
  Evaluation evaluation = two_cases();
  evaluation.methods.push_back(evaluation.methods[0]);
  evaluation.methods[1].cases[1] = evaluate_maps("y", row({1, 1, 1, 2, 0}), row({1, 1, 1, 2, 0}));
  const ReportTable table = comparison_table(evaluation);
  ASSERT_FALSE(table.rows.empty());
  for (const auto& line : table.rows) EXPECT_EQ(line[0], "tumour");
  EXPECT_THAT(table.note, HasSubstr("in which no case differs"));
  EXPECT_THAT(table.note, HasSubstr("pairs"));
}

TEST(ComparisonTable, IsEmptyWhenNoCaseDiffers) {
  Evaluation evaluation = two_cases();
  evaluation.methods.push_back(evaluation.methods[0]);
  EXPECT_TRUE(comparison_table(evaluation).rows.empty());
  EXPECT_EQ(comparison_table(evaluation).note, "No case differs between the methods.");
}

TEST(MetricDefinitions, ComeWithUnitAndSource) {
  for (const auto& row : metric_definition_table().rows) {
    EXPECT_FALSE(row[2].empty()) << row[0];
    EXPECT_FALSE(row[3].empty()) << row[0];
  }
}

TEST(Cells, ShowUndefinedAndSmallNumbers) {
  EXPECT_EQ(metric_cell(*find_metric("dsc"), 0.12345), "0.123");
  EXPECT_EQ(metric_cell(*find_metric("hd95_mm"), 12.345), "12.35");
  EXPECT_EQ(metric_cell(*find_metric("dsc"), {}), "-");
  EXPECT_EQ(p_cell(0.00099), "< 0.001");
  EXPECT_EQ(p_cell(0.04), "0.040");
  EXPECT_EQ(p_cell({}), "-");
}

TEST(Csv, HoldsAllDigitsAndEmptyFieldsForWhatIsUndefined) {
  const std::string cases = cases_csv(two_cases());
  EXPECT_THAT(cases, HasSubstr("method,case,region,dsc,"));
  EXPECT_THAT(cases, HasSubstr("\nA,x,tumour,0.6666666666666666,"));
  EXPECT_THAT(cases, HasSubstr("\nA,x,cyst,,"));
  // The reference's second lesion: fourth voxel of 10 mm, not found.
  EXPECT_THAT(lesions_csv(two_cases()), HasSubstr(",30,0,0,no,0\n"));
  EXPECT_THAT(summary_csv(two_cases()), HasSubstr("\nA,cyst,dsc,0,,,,,,,\n"));
}

}  // namespace
}  // namespace hepar
