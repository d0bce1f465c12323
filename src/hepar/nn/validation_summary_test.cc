// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/validation_summary.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "hepar/nn/json_file.h"

namespace hepar {
namespace {
using testing::HasSubstr;

Validation two_cases() {
  Validation validation;
  validation.regions = {{"liver", {1, 2}}, {"tumour", {2}}};
  // Dice 2 * 6 / (12 + 1 + 3) = 0.75, IoU 6 / 10; the tumour is nowhere.
  validation.cases.push_back({"a", "/p/a.nii.gz", "/r/a.nii.gz", {{6, 1, 3, 90}, {0, 0, 0, 100}}});
  // Dice 4 / (4 + 4) = 0.5, IoU 2 / 6; tumour 2 / (2 + 0 + 6) = 0.25, IoU 1 / 7.
  validation.cases.push_back({"b", "/p/b.nii.gz", "/r/b.nii.gz", {{2, 4, 0, 94}, {1, 0, 6, 93}}});
  return validation;
}

// Regions of the labels 0, 2, 1, 2, 0, 300 against 0, 255, 1, 1, 2, 2.
TEST(CountConfusion, CountsARegionOfLabels) {
  const std::vector<std::uint16_t> prediction{0, 2, 1, 2, 0, 300};
  const std::vector<std::int16_t> reference{-1, 255, 1, 1, 2, 2};
  const auto count = [&](const std::vector<int>& labels, std::optional<int> ignore) {
    return count_confusion(std::span(prediction), std::span(reference), labels, ignore);
  };
  EXPECT_EQ(count({1, 2}, {}), (ConfusionCounts{2, 1, 2, 1}));
  EXPECT_EQ(count({1, 2}, 255), (ConfusionCounts{2, 0, 2, 1}));
  EXPECT_EQ(count({2}, {}), (ConfusionCounts{0, 2, 2, 2}));
  EXPECT_EQ(count({300}, {}), (ConfusionCounts{0, 1, 0, 5}));
}

// nnU-Net's layout: keys sorted, four blanks, no newline at the end, counts whole in a case and floats in
// means.
TEST(ValidationSummary, HasNnunetsForm) {
  Validation validation = two_cases();
  validation.cases.pop_back();
  EXPECT_EQ(validation_summary_json(validation), R"json({
    "foreground_mean": {
        "Dice": NaN,
        "FN": 1.5,
        "FP": 0.5,
        "IoU": NaN,
        "TN": 95.0,
        "TP": 3.0,
        "n_pred": 3.5,
        "n_ref": 4.5
    },
    "mean": {
        "(1, 2)": {
            "Dice": 0.75,
            "FN": 3.0,
            "FP": 1.0,
            "IoU": 0.6,
            "TN": 90.0,
            "TP": 6.0,
            "n_pred": 7.0,
            "n_ref": 9.0
        },
        "2": {
            "Dice": NaN,
            "FN": 0.0,
            "FP": 0.0,
            "IoU": NaN,
            "TN": 100.0,
            "TP": 0.0,
            "n_pred": 0.0,
            "n_ref": 0.0
        }
    },
    "metric_per_case": [
        {
            "metrics": {
                "(1, 2)": {
                    "Dice": 0.75,
                    "FN": 3,
                    "FP": 1,
                    "IoU": 0.6,
                    "TN": 90,
                    "TP": 6,
                    "n_pred": 7,
                    "n_ref": 9
                },
                "2": {
                    "Dice": NaN,
                    "FN": 0,
                    "FP": 0,
                    "IoU": NaN,
                    "TN": 100,
                    "TP": 0,
                    "n_pred": 0,
                    "n_ref": 0
                }
            },
            "prediction_file": "/p/a.nii.gz",
            "reference_file": "/r/a.nii.gz"
        }
    ]
})json");
}

// Cases without the region are left out of its ratios, not of its counts.
TEST(ValidationSummary, AveragesWhereDefined) {
  const auto json = nlohmann::json::parse(without_nan(validation_summary_json(two_cases())));
  EXPECT_DOUBLE_EQ(json["mean"]["(1, 2)"]["Dice"].get<double>(), 0.625);
  EXPECT_DOUBLE_EQ(json["mean"]["2"]["Dice"].get<double>(), 0.25);
  EXPECT_DOUBLE_EQ(json["mean"]["2"]["IoU"].get<double>(), 1.0 / 7);
  EXPECT_DOUBLE_EQ(json["mean"]["2"]["n_ref"].get<double>(), 3.5);
  EXPECT_DOUBLE_EQ(json["foreground_mean"]["Dice"].get<double>(), (0.625 + 0.25) / 2);
  EXPECT_DOUBLE_EQ(json["foreground_mean"]["FN"].get<double>(), (1.5 + 3) / 2);
}

TEST(ValidationSummary, ReadsAsATable) {
  const auto dice = mean_dice(two_cases());
  ASSERT_EQ(dice.size(), 2U);
  EXPECT_DOUBLE_EQ(dice[0].mean.value(), 0.625);
  EXPECT_EQ(dice[0].cases, 2U);
  EXPECT_DOUBLE_EQ(dice[1].mean.value(), 0.25);
  EXPECT_EQ(dice[1].cases, 1U);
  EXPECT_EQ(validation_text(two_cases()), "region   Dice  cases\nliver   0.625      2\ntumour  0.250      1");
  Validation nothing = two_cases();
  nothing.cases.pop_back();
  EXPECT_THAT(validation_text(nothing), HasSubstr("tumour      -      0"));
}

}  // namespace
}  // namespace hepar
