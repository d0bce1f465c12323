// SPDX-License-Identifier: Apache-2.0
// Real liver and tumour masks against the figures that two other libraries gave for them.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "hepar/io/image_io.h"
#include "hepar/metrics/region_metrics.h"
#include "hepar/metrics/surface_distance.h"
#include "hepar/numeric/statistics.h"

namespace hepar {
namespace {

const std::filesystem::path kData = std::filesystem::path(HEPAR_TEST_DATA) / "data";

nlohmann::json read_json(const std::filesystem::path& path) {
  std::ifstream stream(path);
  return nlohmann::json::parse(stream);
}

Mask mask_of(const LabelMap& labels, bool tumour_only) {
  Mask mask = labels;
  for (auto& voxel : mask.voxels()) voxel = tumour_only ? voxel == kTumour : voxel != 0;
  return mask;
}

double weighted_mean(const WeightedDistances& d) {
  double sum = 0, area = 0;
  for (std::size_t n = 0; n < d.distances_mm.size(); ++n) {
    sum += d.distances_mm[n] * d.areas_mm2[n], area += d.areas_mm2[n];
  }
  return sum / area;
}

// MedPy's assd is the mean of both directed means, ours the mean over both directions together.
void expect_medpy(const SurfaceDistances& distances, const nlohmann::json& gold) {
  const double from_prediction = mean(distances.from_prediction_mm).value();
  const double from_reference = mean(distances.from_reference_mm).value();
  EXPECT_NEAR(from_prediction, gold["asd_pred_to_gt"].get<double>(), 1e-6);
  EXPECT_NEAR(from_reference, gold["asd_gt_to_pred"].get<double>(), 1e-6);
  EXPECT_NEAR((from_prediction + from_reference) / 2, gold["assd"].get<double>(), 1e-6);
}

void expect_deepmind(const SurfaceElementDistances& distances, const nlohmann::json& gold) {
  const auto larger = [&](double percent) {
    return std::max(weighted_percentile(distances.from_prediction, percent),
                    weighted_percentile(distances.from_reference, percent));
  };
  EXPECT_NEAR(larger(100), gold["hd100"].get<double>(), 1e-6);
  EXPECT_NEAR(larger(95), gold["hd95"].get<double>(), 1e-6);
  EXPECT_NEAR(weighted_mean(distances.from_reference), gold["asd_gt_to_pred"].get<double>(), 1e-6);
  EXPECT_NEAR(weighted_mean(distances.from_prediction), gold["asd_pred_to_gt"].get<double>(), 1e-6);
}

TEST(GoldMetrics, OfEightRealPairs) {
  const auto gold = read_json(kData / "seg_pairs/gold_metrics.json");
  ASSERT_EQ(gold.size(), 8U);
  for (const auto& entry : gold) {
    SCOPED_TRACE(entry["pred"].get<std::string>() + " " + entry["region"].get<std::string>());
    const LabelMap reference = read_labels(kData / entry["gt"].get<std::string>()).voxels;
    const LabelMap prediction = read_labels(kData / entry["pred"].get<std::string>()).voxels;
    const bool tumour_only = entry["region"] == "tumour";
    const std::vector<std::uint8_t> labels =
        tumour_only ? std::vector<std::uint8_t>{2} : std::vector<std::uint8_t>{1, 2};
    const RegionMetrics metrics = evaluate_region(prediction, reference, labels);
    const auto& medpy = entry["medpy"];
    EXPECT_NEAR(metrics.dsc.value(), entry["dice"].get<double>(), 1e-12);
    EXPECT_NEAR(metrics.hd_mm.value(), medpy["hd"].get<double>(), 1e-6);
    EXPECT_NEAR(metrics.hd95_mm.value(), medpy["hd95_max_of_two_percentiles"].get<double>(), 1e-6);
    EXPECT_NEAR(metrics.hd95_pooled_mm.value(), medpy["hd95"].get<double>(), 1e-6);
    EXPECT_NEAR(metrics.hd95_area_weighted_mm.value(), entry["deepmind"]["hd95"].get<double>(), 1e-6);
    EXPECT_NEAR(metrics.reference_ml.value(),
                entry["n_gt"].get<double>() * reference.geometry().voxel_volume_ml(), 1e-9);
    const Mask p = mask_of(prediction, tumour_only), r = mask_of(reference, tumour_only);
    expect_medpy(surface_distances(p, r).value(), medpy);
    expect_deepmind(surface_element_distances(p, r).value(), entry["deepmind"]);
  }
}

TEST(GoldMetrics, OfTheTotalSegmentatorExample) {
  const auto gold = read_json(kData / "metric_gold/published_gold.json")["computed_here"]["cases"][0];
  const std::filesystem::path unpacked = HEPAR_UNPACKED_DATA;
  const Mask r = mask_of(read_labels(unpacked / gold["gt"].get<std::string>()).voxels, false);
  const Mask p = mask_of(read_labels(unpacked / gold["pred"].get<std::string>()).voxels, false);
  EXPECT_NEAR(surface_metrics(p, r)->hd_mm, gold["medpy"]["hd"].get<double>(), 1e-6);
  EXPECT_NEAR(surface_metrics(p, r)->hd95_pooled_mm, gold["medpy"]["hd95"].get<double>(), 1e-6);
  expect_deepmind(surface_element_distances(p, r).value(), gold["deepmind"]);
}

}  // namespace
}  // namespace hepar
