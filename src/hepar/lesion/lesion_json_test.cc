// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/lesion_json.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace hepar {
namespace {

using Json = nlohmann::ordered_json;

LesionFilterResult example() {
  LesionFilterResult result;
  result.liver = {.voxels = 500, .median_hu = 108, .unenhanced = false};
  LesionRegion region;
  region.id = 1;
  region.voxels = 802;
  region.volume_ml = 1.5;
  region.centroid_lps_mm = {-10, 20.5, 300};
  region.fit.amplitude = 799.5;
  region.fit.mean_hu = 17;
  region.fit.std_hu = 4;
  region.fit.std_smoothed_hu = 5;
  region.fit.rms_residual = 0.25;
  region.fit.converged = true;
  region.verdict = Verdict::kDoubtful;
  region.reason = "because";
  region.flags = {LesionFlag::kSmall, LesionFlag::kFitFailed, LesionFlag::kNearThreshold, LesionFlag::kWide,
                  LesionFlag::kUnenhancedLiver};
  result.regions = {region};
  result.notes = {"a note"};
  return result;
}

TEST(LesionsJson, HasTheNamesThatScriptsRelyOn) {
  const Json document = Json::parse(lesions_json(example()));
  EXPECT_EQ(document["format"], "hepar.lesions/1");
  EXPECT_EQ(document["threshold_hu"], 45.0);
  EXPECT_EQ(document["liver"], Json::parse(R"({"voxels": 500, "median_hu": 108.0, "unenhanced": false})"));
  EXPECT_EQ(document["notes"], Json::parse(R"(["a note"])"));
  EXPECT_FALSE(document.contains("timings_s"));
  EXPECT_EQ(document["regions"], Json::parse(R"([{
      "id": 1, "voxels": 802, "volume_ml": 1.5, "centroid_lps_mm": [-10.0, 20.5, 300.0],
      "fit": {"amplitude": 799.5, "mean_hu": 17.0, "std_hu": 4.0, "std_smoothed_hu": 5.0,
              "rms_residual": 0.25, "converged": true},
      "verdict": "doubtful", "reason": "because",
      "flags": ["small", "fit_failed", "near_threshold", "wide", "unenhanced_liver"]}])"));
}

TEST(LesionsJson, WritesUndefinedNumbersAsNull) {
  LesionFilterResult result = example();
  result.liver.median_hu.reset();
  result.regions[0].fit.rms_residual.reset();
  result.regions[0].fit.std_hu = std::numeric_limits<double>::infinity();
  const Json document = Json::parse(lesions_json(result));
  EXPECT_TRUE(document["liver"]["median_hu"].is_null());
  EXPECT_TRUE(document["regions"][0]["fit"]["rms_residual"].is_null());
  EXPECT_TRUE(document["regions"][0]["fit"]["std_hu"].is_null());
}

TEST(LesionsJson, KeepsEmptyListsAndGivesTimings) {
  const Json document = Json::parse(lesions_json({}, {{"read", 1.5}, {"filter", 0.25}}));
  EXPECT_TRUE(document["regions"].is_array());
  EXPECT_TRUE(document["regions"].empty());
  EXPECT_TRUE(document["notes"].is_array());
  EXPECT_EQ(document["timings_s"]["filter"], 0.25);
  EXPECT_EQ(document["timings_s"]["read"], 1.5);
}

TEST(LesionsJson, NamesAllVerdicts) {
  EXPECT_EQ(verdict_name(Verdict::kCalledTumour), "tumour");
  EXPECT_EQ(verdict_name(Verdict::kCalledCyst), "cyst");
  EXPECT_EQ(verdict_name(Verdict::kDoubtful), "doubtful");
}

}  // namespace
}  // namespace hepar
