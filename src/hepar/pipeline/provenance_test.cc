// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/provenance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hepar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

NamedRun run(const std::string& name, const std::string& hash) {
  RunRecord record;
  record.hepar_version = "1.2.3";
  record.command = "segment";
  record.date_utc = "2026-01-02T03:04:05Z";
  record.inputs = {{"ct", "a/ct.nii.gz", hash}, {"model", "models/demo", "feed"}};
  record.options = {{"rule", "evidence"}, {"open_mm", "0"}};
  record.timings_s = {{"network", 2.345}, {"read", 0.5}};
  return {name, record};
}

TEST(ProvenanceTables, SayEachThingOnceAndEachCaseOnALine) {
  const auto tables = provenance_tables({run("x", std::string(64, 'a')), run("y", std::string(64, 'b'))});
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_THAT(tables[0].rows, testing::Contains(ElementsAre("Hepar", "1.2.3")));
  EXPECT_THAT(tables[0].rows, testing::Contains(ElementsAre("Model", "demo, SHA-256 feed")));
  EXPECT_THAT(tables[0].rows, testing::Contains(ElementsAre("Options", "open_mm 0, rule evidence")));
  EXPECT_THAT(tables[1].columns, ElementsAre("case", "finished (UTC)", "CT", "labels", "read", "network",
                                             "filter", "draw", "write"));
  EXPECT_THAT(tables[1].rows[0], ElementsAre("x", "2026-01-02T03:04:05Z", "aaaaaaaaaaaaaaaa", "-", "0.50",
                                             "2.35", "0.00", "0.00", "0.00"));
}

TEST(ProvenanceTables, DifferencesAreShown) {
  NamedRun other = run("y", "b");
  other.second.options["rule"] = "paper";
  const auto tables = provenance_tables({run("x", "a"), other});
  EXPECT_EQ(tables[0].rows.back()[1], "open_mm 0, rule evidence; open_mm 0, rule paper");
}

TEST(ProvenanceTables, NoRecordNoTableAndNoFigure) {
  EXPECT_TRUE(provenance_tables({}).empty());
  EXPECT_TRUE(time_figures({}).empty());
  EXPECT_EQ(time_figures({run("x", "a")}).size(), 1U);
}

}  // namespace
}  // namespace hepar
