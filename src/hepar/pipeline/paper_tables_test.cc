// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/paper_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hepar {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

EvaluatedCase scored(const std::string& name, double dsc, std::optional<double> hd95_mm) {
  EvaluatedCase c;
  c.name = name;
  c.regions.resize(3);
  c.regions[1].metrics.dsc = dsc;
  c.regions[1].metrics.hd95_mm = hd95_mm;
  return c;
}

Reproduction reproduction() {
  Reproduction all;
  all.training = "Trained on nothing.";
  const auto add = [&](const char* key, std::vector<MethodResult> methods) {
    ReproducedCohort cohort{key, std::string("cases for ") + key, {}};
    cohort.evaluation.methods = std::move(methods);
    all.cohorts.push_back(std::move(cohort));
  };
  add("validation", {{kNetworkMethod, {scored("a", 0.8, 4), scored("b", 0.6, 8), scored("c", 0.7, 6)}}});
  add("test", {{kNetworkMethod, {scored("a", 0.5, 10), scored("b", 0.0, {})}}});
  add("clinical", {{kNetworkMethod, {scored("a", 0.5, 10), scored("b", 0.6, 8)}},
                   {kPaperMethod, {scored("a", 0.6, 5), scored("b", 0.8, 4)}}});
  return all;
}

TEST(PaperTable1, StandsBesideThePapersOwnFigures) {
  const ReportTable table = paper_table_1(reproduction());
  EXPECT_THAT(table.columns,
              ElementsAre("", "validation (3) DSC", "HD95 (mm)", "test (2) DSC", "HD95 (mm)",
                          "paper: LiTS (20) DSC", "HD95 (mm)", "paper: 3D-IRCADb (14) DSC", "HD95 (mm)"));
  ASSERT_EQ(table.rows.size(), 5U);
  // Mean of 0.8, 0.6, 0.7 and its SD; the test's second case has no distance.
  EXPECT_THAT(table.rows[0],
              ElementsAre("mean", "0.70", "6.00", "0.25", "10.00", "0.86", "4.95", "0.82", "5.61"));
  EXPECT_THAT(table.rows[1], ElementsAre("SD", "0.10", "2.00", "0.35", "-", "0.05", "2.03", "0.06", "2.38"));
  EXPECT_THAT(table.rows[4],
              ElementsAre("max", "0.80", "8.00", "0.50", "10.00", "0.93", "10.85", "0.92", "12.74"));
  EXPECT_THAT(table.note, HasSubstr("phantoms"));
}

TEST(PaperTable2, GivesTheFilterWithThePapersTest) {
  const ReportTable table = paper_table_2(reproduction());
  ASSERT_EQ(table.rows.size(), 4U);
  // Differences 0.1 and 0.2: t = 0.15 / 0.05 = 3 with one degree of freedom, p = 0.205. Those of HD95 are
  // -5 and -4: t = -9, p = 2 atan(1/9) / pi = 0.070.
  EXPECT_THAT(table.rows[1], ElementsAre(kPaperMethod, "0.70 \xC2\xB1 0.14 (n = 2)", "0.205",
                                         "4.50 \xC2\xB1 0.71 (n = 2)", "0.070"));
  EXPECT_EQ(table.rows[0][2], "");
  EXPECT_THAT(table.rows[3], Contains("< 0.05"));
}

TEST(PaperTable2, FallsBackToTheTestCohort) {
  Reproduction real = reproduction();
  real.phantoms = false;
  real.cohorts.pop_back();
  EXPECT_THAT(paper_table_2(real).caption, HasSubstr("cases for test"));
  EXPECT_THAT(honest_heading(real), testing::Not(HasSubstr("phantom")));
}

}  // namespace
}  // namespace hepar
