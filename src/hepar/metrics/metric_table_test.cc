// SPDX-License-Identifier: Apache-2.0
#include "hepar/metrics/metric_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace hepar {
namespace {

TEST(MetricTable, HoldsEveryFieldOnce) {
  // Each entry writes its field; then every optional of the struct has a value of its own.
  RegionMetrics metrics;
  double next = 0;
  for (const MetricInfo& metric : metric_table()) {
    EXPECT_FALSE((metrics.*(metric.value)).has_value()) << metric.key;
    metrics.*(metric.value) = ++next;
  }
  constexpr std::size_t kCounts = 3 * sizeof(std::int64_t);
  EXPECT_EQ(metric_table().size(), (sizeof(RegionMetrics) - kCounts) / sizeof(std::optional<double>));
}

TEST(MetricTable, IsComplete) {
  std::set<std::string> keys, titles, short_titles;
  for (const MetricInfo& metric : metric_table()) {
    SCOPED_TRACE(metric.key);
    EXPECT_TRUE(keys.insert(metric.key).second);
    EXPECT_TRUE(titles.insert(metric.title).second);
    EXPECT_TRUE(short_titles.insert(metric.short_title).second);
    EXPECT_THAT(metric.unit, testing::AnyOf(testing::StrEq(""), testing::StrEq("mm"), testing::StrEq("mL")));
    EXPECT_THAT(metric.definition, testing::AllOf(testing::HasSubstr("empty"), testing::EndsWith(".")));
    EXPECT_STRNE(metric.source, "");
    // The unit stands in the name.
    EXPECT_EQ(std::string(metric.key).ends_with("_mm"), std::string(metric.unit) == "mm");
    EXPECT_EQ(std::string(metric.key).ends_with("_ml"), std::string(metric.unit) == "mL");
  }
}

TEST(MetricTable, FindsByKey) {
  ASSERT_NE(find_metric("hd95_mm"), nullptr);
  EXPECT_EQ(find_metric("hd95_mm")->value, &RegionMetrics::hd95_mm);
  EXPECT_EQ(find_metric("hd95_mm")->better, Better::kLower);
  EXPECT_EQ(find_metric("rvd")->better, Better::kNearZero);
  EXPECT_EQ(find_metric("HD95"), nullptr);
  EXPECT_EQ(find_metric(""), nullptr);
}

}  // namespace
}  // namespace hepar
