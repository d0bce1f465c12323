// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/site_json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"

namespace hepar {
namespace {

Calibration calibration_of(int tumours) {
  std::vector<LabelledRegion> regions;
  for (int n = 0; n < tumours; ++n) regions.push_back({0.6 * n / tumours, false});
  for (int n = 0; n < 20; ++n) regions.push_back({0.8, true});
  return calibrate(regions);
}

TEST(SiteJson, HoldsThresholdsCountsAndBounds) {
  const Calibration calibration = calibration_of(150);
  const auto document = nlohmann::json::parse(site_json(calibration));
  EXPECT_EQ(document["format"], "hepar.site/1");
  EXPECT_EQ(document["disclaimer"], "For research; not a medical device.");
  EXPECT_EQ(document["thresholds"]["cyst_probability"], calibration.thresholds.cyst_probability);
  EXPECT_EQ(document["drop_ceiling"], 0.02);
  EXPECT_EQ(document["tumours"]["count"], 150);
  EXPECT_EQ(document["tumours"]["dropped"], 0);
  EXPECT_NEAR(document["tumours"]["drop_rate_upper_95"].get<double>(), 1 - std::pow(0.05, 1.0 / 150), 1e-12);
  EXPECT_EQ(document["cysts"]["removed"], 20);
  EXPECT_NEAR(document["cysts"]["removed_rate_95"][0].get<double>(), std::pow(0.025, 1.0 / 20), 1e-12);
  EXPECT_EQ(document["cysts"]["removed_rate_95"][1], 1);
  EXPECT_EQ(document["auc"]["value"], 1);
  EXPECT_EQ(document["auc"]["interval_95"][1], 1);
  EXPECT_EQ(document["roc"].size(), 151U);  // 150 scores of tumours and one of cysts
}

TEST(SiteJson, ThinsTheCurveAndKeepsItsEnds) {
  const auto roc = nlohmann::json::parse(site_json(calibration_of(1000)))["roc"];
  ASSERT_EQ(roc.size(), 200U);
  EXPECT_EQ(roc.front()["threshold"], 0.8);
  EXPECT_EQ(roc.front()["cysts_removed"], 1);
  EXPECT_EQ(roc.front()["tumours_dropped"], 0);
  EXPECT_EQ(roc.back()["threshold"], 0);
  EXPECT_EQ(roc.back()["tumours_dropped"], 1);
}

TEST(ReadSiteJson, TakesWhatCalibrateWrites) {
  const Calibration calibration = calibration_of(149);
  const SiteThresholds site = read_site_json(site_json(calibration));
  EXPECT_EQ(site.cyst_probability, calibration.thresholds.cyst_probability);
  EXPECT_EQ(site.tumour_probability, calibration.thresholds.tumour_probability);
}

std::string document(const std::string& thresholds, const std::string& more = "") {
  return fmt::format(R"({{"format": "hepar.site/1", "thresholds": {{{}}}{}}})", thresholds, more);
}

TEST(ReadSiteJson, TakesAFileOfTwoNumbers) {
  const SiteThresholds site =
      read_site_json(document(R"("cyst_probability": 1, "tumour_probability": 0.25)"));
  EXPECT_EQ(site.cyst_probability, 1);
  EXPECT_EQ(site.tumour_probability, 0.25);
}

struct Refusal {
  std::string text, words;
  ErrorCode code = ErrorCode::kInvalidInput;
};
class RefusedSite : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedSite, IsNamed) {
  try {
    read_site_json(GetParam().text);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), GetParam().code);
    EXPECT_NE(std::string(error.what()).find(GetParam().words), std::string::npos) << error.what();
  }
}
INSTANTIATE_TEST_SUITE_P(
    All, RefusedSite,
    testing::Values(
        Refusal{"{", "no JSON", ErrorCode::kCorrupt}, Refusal{"", "no JSON", ErrorCode::kCorrupt},
        Refusal{"[1]", "hepar calibrate"}, Refusal{R"({"format": 1})", "hepar calibrate"},
        Refusal{R"({"format": "hepar.lesions/1"})", "hepar.lesions/1, not hepar.site/1"},
        Refusal{R"({"format": "hepar.site/2"})", "hepar.site/2", ErrorCode::kUnsupported},
        Refusal{R"({"format": "hepar.site/1"})", "'thresholds' is missing"},
        Refusal{R"({"format": "hepar.site/1", "thresholds": 0.9})", "'thresholds' is missing"},
        Refusal{document(R"("cyst_probability": 0.9)"), "'thresholds.tumour_probability' is missing"},
        Refusal{document(R"("cyst_probability": 0.9, "tumour_probability": 0.1, "cyts": 1)"),
                "'cyts' is unknown"},
        Refusal{document(R"("cyst_probability": 0.9, "tumour_probability": 0.1)", R"(, "ceiling": 1)"),
                "'ceiling' is unknown"},
        Refusal{document(R"("cyst_probability": 0.49, "tumour_probability": 0.1)"),
                "'thresholds.cyst_probability' is 0.49, not a number from 0.5 to 1"},
        Refusal{document(R"("cyst_probability": 1e999, "tumour_probability": 0.1)"), "no JSON",
                ErrorCode::kCorrupt},
        Refusal{document(R"("cyst_probability": "0.9", "tumour_probability": 0.1)"), R"(is "0.9")"},
        Refusal{document(R"("cyst_probability": null, "tumour_probability": 0.1)"), "is null"},
        Refusal{document(R"("cyst_probability": 0.9, "tumour_probability": -0.1)"), "is -0.1"},
        Refusal{document(R"("cyst_probability": 0.6, "tumour_probability": 0.7)"), "0.7 and above"}));

}  // namespace
}  // namespace hepar
