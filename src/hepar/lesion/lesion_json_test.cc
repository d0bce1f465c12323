// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/lesion_json.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

namespace hepar {
namespace {

using Json = nlohmann::ordered_json;

// Numbers that binary fractions hold exactly, each different.
LesionRegion example_region() {
  LesionRegion region;
  region.id = 2;
  region.component = 1;
  region.is_part = true;
  region.voxels = 802;
  region.volume_ml = 1.5;
  region.centroid_lps_mm = {-10, 20.5, 300};
  region.fit = {.amplitude = 799.5,
                .mean_hu = 17,
                .std_smoothed_hu = 5,
                .std_hu = 4,
                .rms_residual = 0.25,
                .converged = true,
                .plain_mean_hu = 18};
  region.interior_fit = {
      .amplitude = 90, .mean_hu = 16, .std_smoothed_hu = 5, .std_hu = 4, .rms_residual = 2};
  region.percentiles_hu = {-30, -8, 17.5, 41, 60};
  region.evidence.diameter_mm = 14.25;
  region.evidence.roundness = 0.75;
  region.interior_pair = {.low_mean_hu = 12,
                          .low_std_hu = 6,
                          .low_share = 0.75,
                          .high_mean_hu = 28,
                          .high_std_hu = 7,
                          .bic_gain = -3.5};
  region.evidence.interior_voxels = 93;
  region.evidence.interior_mean_hu = 16.25;
  region.evidence.interior_std_hu = 15;
  region.evidence.interior_error_hu = 2.5;
  region.evidence.edge = {.core_hu = 14,
                          .surroundings_hu = 107,
                          .offset_mm = 0.125,
                          .width_mm = 0.875,
                          .pixel_mm = 1,
                          .error_mm = 2};
  region.evidence.rim_excess_hu = -6;
  region.evidence.unevenness = 1.125;
  region.evidence.dense_voxels = 3;
  region.evidence.gas_voxels = 4;
  region.probability_cyst = 0.5;
  region.odds = {.prior = -1.25, .attenuation = 0.5, .edge = 1, .evenness = -0.25};
  region.verdict = Verdict::kDoubtful;
  region.reason = "because";
  region.flags = {LesionFlag::kSmall, LesionFlag::kWide, LesionFlag::kUnenhancedLiver, LesionFlag::kDense};
  return region;
}

LesionFilterResult example() {
  LesionFilterResult result;
  result.options.rule = LesionRule::kPaper;
  result.options.thresholds = {.cyst_probability = 0.875, .tumour_probability = 0.25};
  result.options.close_mm = 1, result.options.open_mm = 2, result.options.expand_mm = 3;
  result.liver = {.source = LiverSource::kSurroundings,
                  .voxels = 500,
                  .median_hu = 108,
                  .mean_hu = 107.5,
                  .std_hu = 21,
                  .unenhanced = false,
                  .noise_hu = 20,
                  .correlated_voxels = 8,
                  .psf_sigma_mm = 0.5};
  result.regions = {example_region()};
  result.notes = {"a note"};
  return result;
}

TEST(LesionsJson, HasTheNamesThatScriptsRelyOn) {
  const Json document = Json::parse(lesions_json(example()));
  EXPECT_EQ(document["format"], "hepar.lesions/2");
  EXPECT_EQ(document["rule"], "paper");
  EXPECT_EQ(document["threshold_hu"], 45.0);
  EXPECT_EQ(document["cyst_probability"], 0.875);
  EXPECT_EQ(document["tumour_probability"], 0.25);
  EXPECT_EQ(document["close_mm"], 1.0);
  EXPECT_EQ(document["open_mm"], 2.0);
  EXPECT_EQ(document["expand_mm"], 3.0);
  EXPECT_EQ(document["liver"], Json::parse(R"({"source": "surroundings", "voxels": 500, "median_hu": 108.0,
      "mean_hu": 107.5, "std_hu": 21.0, "noise_hu": 20.0, "correlated_voxels": 8.0, "psf_sigma_mm": 0.5,
      "unenhanced": false})"));
  EXPECT_EQ(document["notes"], Json::parse(R"(["a note"])"));
  EXPECT_FALSE(document.contains("timings_s"));
  EXPECT_EQ(document["regions"].size(), 1U);
}

TEST(LesionsJson, TellsAllThatWasMeasuredOfARegion) {
  const Json region = Json::parse(lesions_json(example()))["regions"][0];
  EXPECT_EQ(region, Json::parse(R"({
      "id": 2, "component": 1, "split": true, "voxels": 802, "volume_ml": 1.5,
      "centroid_lps_mm": [-10.0, 20.5, 300.0],
      "fit": {"amplitude": 799.5, "mean_hu": 17.0, "std_hu": 4.0, "std_smoothed_hu": 5.0,
              "rms_residual": 0.25, "converged": true},
      "percentiles_hu": {"0.5": -30.0, "5": -8.0, "50": 17.5, "95": 41.0, "99.5": 60.0},
      "verdict": "doubtful", "probability_cyst": 0.5, "reason": "because",
      "flags": ["small", "wide", "unenhanced_liver", "dense"], "guards": ["small", "dense"],
      "interior": {"voxels": 93, "mean_hu": 16.25, "std_hu": 15.0, "error_hu": 2.5,
                   "fit": {"amplitude": 90.0, "mean_hu": 16.0, "std_hu": 4.0, "std_smoothed_hu": 5.0,
                           "rms_residual": 2.0, "converged": false},
                   "two_gaussians": {"low_mean_hu": 12.0, "low_std_hu": 6.0, "low_share": 0.75, "high_mean_hu": 28.0,
                                     "high_std_hu": 7.0, "bic_gain": -3.5}},
      "diameter_mm": 14.25,
      "edge": {"core_hu": 14.0, "surroundings_hu": 107.0, "offset_mm": 0.125, "width_mm": 0.875},
      "rim_excess_hu": -6.0, "unevenness": 1.125, "roundness": 0.75, "dense_voxels": 3, "gas_voxels": 4,
      "log_odds": {"prior": -1.25, "attenuation": 0.5, "edge": 1.0, "evenness": -0.25}})"));
}

TEST(LesionsJson, WritesUndefinedNumbersAsNull) {
  LesionFilterResult result = example();
  result.liver = {};
  LesionRegion& region = result.regions[0];
  region.fit.rms_residual.reset();
  region.fit.std_hu = std::numeric_limits<double>::infinity();
  region.interior_fit.reset();
  region.evidence = {};
  region.probability_cyst.reset();
  const Json document = Json::parse(lesions_json(result));
  for (const char* name : {"median_hu", "mean_hu", "std_hu"}) EXPECT_TRUE(document["liver"][name].is_null());
  EXPECT_EQ(document["liver"]["source"], "none");
  const Json& written = document["regions"][0];
  EXPECT_TRUE(written["fit"]["rms_residual"].is_null());
  EXPECT_TRUE(written["fit"]["std_hu"].is_null());
  for (const char* name : {"mean_hu", "std_hu", "fit"}) EXPECT_TRUE(written["interior"][name].is_null());
  for (const char* name : {"edge", "rim_excess_hu", "unevenness", "probability_cyst", "log_odds"}) {
    EXPECT_TRUE(written.contains(name) && written[name].is_null()) << name;
  }
}

TEST(LesionsJson, TellsOfAnOpenedRegionOnlyWhatItHas) {
  LesionFilterResult result = example();
  result.regions[0].verdict = Verdict::kOpened;
  const Json region = Json::parse(lesions_json(result))["regions"][0];
  EXPECT_EQ(region["verdict"], "opened");
  EXPECT_EQ(region["voxels"], 802);
  EXPECT_FALSE(region.contains("interior"));
  EXPECT_FALSE(region.contains("edge"));
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
  EXPECT_EQ(verdict_name(Verdict::kOpened), "opened");
}

TEST(LesionsJson, NamesEachFlagOnce) {
  std::set<std::string_view> names;
  constexpr int kFlags = static_cast<int>(LesionFlag::kImplausible) + 1;
  for (int n = 0; n < kFlags; ++n) names.insert(flag_name(static_cast<LesionFlag>(n)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kFlags));
  EXPECT_EQ(flag_name(LesionFlag::kSmall), "small");
  EXPECT_EQ(flag_name(LesionFlag::kTouching), "touching");
  EXPECT_EQ(flag_name(LesionFlag::kImplausible), "implausible");
}

}  // namespace
}  // namespace hepar
