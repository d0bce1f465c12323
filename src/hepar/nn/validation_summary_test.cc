// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/validation_summary.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "hepar/core/file.h"

namespace hepar {
namespace {

const DatasetLabels& regions() {
  static const DatasetLabels labels{.regions = {{"liver", {1, 2}}, {"tumour", {2}}},
                                    .regions_class_order = {1, 2},
                                    .foreground_labels = {1, 2},
                                    .ignore_label = 3,
                                    .channel_names = {"CT"}};
  return labels;
}

//                                        tn ignored liver: tp fp fn tp    tumour: fp at 2, fn at 5
const std::vector<std::int16_t> kPrediction{0, 2, 1, 2, 0, 1};
const std::vector<std::int16_t> kReference{-1, 3, 1, 0, 1, 2};

TEST(CountOverlaps, CountsEachRegion) {
  const auto counts = count_overlaps(kPrediction, kReference, regions());
  ASSERT_EQ(counts.size(), 2U);
  EXPECT_EQ(counts[0].tp, 2);
  EXPECT_EQ(counts[0].fp, 1);
  EXPECT_EQ(counts[0].fn, 1);
  EXPECT_EQ(counts[0].tn, 1);
  EXPECT_EQ(counts[1].tp, 0);
  EXPECT_EQ(counts[1].fp, 1);
  EXPECT_EQ(counts[1].fn, 1);
  EXPECT_EQ(counts[1].tn, 3);
  EXPECT_DOUBLE_EQ(*counts[0].dice(), 2 * 2.0 / (2 * 2 + 1 + 1));
  EXPECT_DOUBLE_EQ(*counts[0].iou(), 2.0 / 4);
  EXPECT_FALSE(OverlapCounts{.tn = 9}.dice());
}

// Case a: the counts above. Case b: liver 3 tp alone, tumour nowhere.
std::vector<ValidatedCase> two_cases() {
  return {{"a", "out/a.nii.gz", "ref/a.nii.gz", {{2, 1, 1, 1}, {0, 1, 1, 3}}},
          {"b", "out/b.nii.gz", "ref/b.nii.gz", {{3, 0, 0, 2}, {0, 0, 0, 5}}}};
}

TEST(MeanDice, LeavesOutCasesWithoutTheRegion) {
  const auto means = mean_dice(two_cases(), regions());
  EXPECT_EQ(means[0].name, "liver");
  EXPECT_DOUBLE_EQ(*means[0].dice, (4.0 / 6 + 1) / 2);
  EXPECT_EQ(means[0].cases, 2);
  EXPECT_DOUBLE_EQ(*means[1].dice, 0);
  EXPECT_EQ(means[1].cases, 1);
}

// Keys and nesting as in a summary.json of nnU-Net; its regions are keyed by Python's tuples.
TEST(WriteValidationSummary, HasNnunetsForm) {
  const auto file =
      std::filesystem::temp_directory_path() / ("hepar_summary_" + std::to_string(::getpid()) + ".json");
  write_validation_summary(file, two_cases(), regions());
  std::string text = read_text_file(file);
  std::filesystem::remove(file);
  const auto undefined = text.find("\"Dice\": NaN");  // the tumour of case b
  ASSERT_NE(undefined, std::string::npos);
  for (auto at = text.find(": NaN"); at != std::string::npos; at = text.find(": NaN")) text.replace(at, 5, ": -9");
  const auto json = nlohmann::json::parse(text);
  EXPECT_DOUBLE_EQ(json["mean"]["(1, 2)"]["Dice"].get<double>(), (4.0 / 6 + 1) / 2);
  EXPECT_DOUBLE_EQ(json["mean"]["2"]["FP"].get<double>(), 0.5);
  EXPECT_DOUBLE_EQ(json["foreground_mean"]["Dice"].get<double>(), ((4.0 / 6 + 1) / 2 + 0) / 2);
  const auto& first = json["metric_per_case"][0];
  EXPECT_EQ(first["prediction_file"], "out/a.nii.gz");
  EXPECT_EQ(first["reference_file"], "ref/a.nii.gz");
  EXPECT_EQ(first["metrics"]["(1, 2)"]["n_pred"], 3);
  EXPECT_EQ(first["metrics"]["(1, 2)"]["n_ref"], 3);
  EXPECT_TRUE(first["metrics"]["2"]["TN"].is_number_integer());
  EXPECT_EQ(json["metric_per_case"][1]["metrics"]["2"]["Dice"], -9);
}

TEST(WriteValidationSummary, OfNoCaseIsNotDefined) {
  const auto file =
      std::filesystem::temp_directory_path() / ("hepar_summary_none_" + std::to_string(::getpid()) + ".json");
  write_validation_summary(file, {}, regions());
  EXPECT_NE(read_text_file(file).find("NaN"), std::string::npos);
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace hepar
