// SPDX-License-Identifier: Apache-2.0
// Real liver and tumour masks against the figures that two other libraries gave for them.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hepar/io/image_io.h"
#include "hepar/metrics/overlap.h"
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
    EXPECT_NEAR(metrics.surface_dice.value(), entry["deepmind"]["surface_dice_2mm"].get<double>(), 1e-6);
    EXPECT_NEAR(metrics.reference_ml.value(),
                entry["n_gt"].get<double>() * reference.geometry().voxel_volume_ml(), 1e-9);
    const Mask p = mask_of(prediction, tumour_only), r = mask_of(reference, tumour_only);
    expect_medpy(surface_distances(p, r).value(), medpy);
    const auto elements = surface_element_distances(p, r).value();
    expect_deepmind(elements, entry["deepmind"]);
    EXPECT_NEAR(surface_dice(elements, 1), entry["deepmind"]["surface_dice_1mm"].get<double>(), 1e-6);
  }
}

TEST(GoldMetrics, OfTheTotalSegmentatorExample) {
  const auto gold = read_json(kData / "metric_gold/published_gold.json")["computed_here"]["cases"][0];
  const std::filesystem::path unpacked = HEPAR_UNPACKED_DATA;
  const Mask r = mask_of(read_labels(unpacked / gold["gt"].get<std::string>()).voxels, false);
  const Mask p = mask_of(read_labels(unpacked / gold["pred"].get<std::string>()).voxels, false);
  EXPECT_NEAR(surface_metrics(p, r)->hd_mm, gold["medpy"]["hd"].get<double>(), 1e-6);
  EXPECT_NEAR(surface_metrics(p, r)->hd95_pooled_mm, gold["medpy"]["hd95"].get<double>(), 1e-6);
  EXPECT_NEAR(dice(count_overlap(p, r)).value(), gold["dice"].get<double>(), 1e-12);
  const auto elements = surface_element_distances(p, r).value();
  expect_deepmind(elements, gold["deepmind"]);
  EXPECT_NEAR(surface_dice(elements, 1), gold["deepmind"]["surface_dice_1mm"].get<double>(), 1e-6);
  const auto distances = surface_distances(p, r).value();
  EXPECT_NEAR((mean(distances.from_prediction_mm).value() + mean(distances.from_reference_mm).value()) / 2,
              gold["medpy"]["assd"].get<double>(), 1e-6);
}

// The published cases give arrays whose axes are our i, j, k; a plane is a volume of one slice.
Geometry published_grid(const nlohmann::json& shape, const nlohmann::json& spacing) {
  Geometry grid;
  grid.size = {1, 1, 1};
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    grid.size[static_cast<int>(axis)] = shape[axis].get<std::int64_t>();
    grid.spacing_mm[static_cast<int>(axis)] = spacing[axis].get<double>();
  }
  return grid;
}

// `which` is "gt" or "pred".
Mask published_mask(const nlohmann::json& entry, const std::string& which) {
  Mask mask(published_grid(entry["shape"], entry["spacing"]));
  if (entry.contains(which + "_voxels")) {
    for (const auto& at : entry[which + "_voxels"])
      mask[{at[0].get<std::int64_t>(), at[1].get<std::int64_t>(),
            at.size() > 2 ? at[2].get<std::int64_t>() : 0}] = 1;
  } else {
    const auto& slab = entry[which + "_slab_axis0"];
    for (std::int64_t n = 0; n < mask.size().j * mask.size().k; ++n)
      for (auto i = slab[0].get<std::int64_t>(); i < slab[1].get<std::int64_t>(); ++i)
        mask[{i, n % mask.size().j, n / mask.size().j}] = 1;
  }
  return mask;
}

// The share of the area that lies within 1 mm.
double overlap_at_1mm(const WeightedDistances& d) {
  double within = 0, area = 0;
  for (std::size_t n = 0; n < d.distances_mm.size(); ++n) {
    within += d.distances_mm[n] <= 1 ? d.areas_mm2[n] : 0, area += d.areas_mm2[n];
  }
  return within / area;
}

// "nan" where theirs divides by nothing; published to three decimals.
void expect_published(const std::optional<double>& ours, const nlohmann::json& theirs) {
  EXPECT_EQ(ours.has_value(), theirs.is_number());
  if (ours && theirs.is_number()) {
    EXPECT_NEAR(*ours, theirs.get<double>(), 5.1e-4);
  }
}

TEST(GoldMetrics, OfDeepMindsOwnTests) {
  const auto gold =
      read_json(kData / "metric_gold/published_gold.json")["deepmind_surface_distance"]["cases"];
  ASSERT_EQ(gold.size(), 6U);
  constexpr std::array<std::uint8_t, 1> kOne{1};
  int with_surfaces = 0;
  for (const auto& entry : gold) {
    SCOPED_TRACE(entry.dump());
    const Mask r = published_mask(entry, "gt"), p = published_mask(entry, "pred");
    const RegionMetrics metrics = evaluate_region(p, r, kOne, {.surface_tolerance_mm = 1});
    expect_published(metrics.surface_dice, entry["surface_dice_1mm"]);
    expect_published(metrics.dsc, entry["dice"]);
    expect_published(metrics.hd95_area_weighted_mm, entry["hd95"]);
    const auto elements = surface_element_distances(p, r);
    ASSERT_EQ(elements.has_value(), entry.contains("surface_overlap_1mm"));
    if (!elements) continue;
    ++with_surfaces;
    expect_published(weighted_mean(elements->from_reference), entry["avg_surface_distance"][0]);
    expect_published(weighted_mean(elements->from_prediction), entry["avg_surface_distance"][1]);
    expect_published(overlap_at_1mm(elements->from_reference), entry["surface_overlap_1mm"][0]);
    expect_published(overlap_at_1mm(elements->from_prediction), entry["surface_overlap_1mm"][1]);
    EXPECT_EQ(weighted_percentile(elements->from_reference, 100), entry["hd100"].get<double>());
  }
  EXPECT_EQ(with_surfaces, 3);
}

Mask sphere(const nlohmann::json& ball, const nlohmann::json& spacing) {
  Mask mask(published_grid({99, 99, 99}, spacing));
  const double radius = ball["r"].get<double>();
  for (std::int64_t n = 0; n < mask.size().count(); ++n) {
    const Int3 at{n % 99, n / 99 % 99, n / (99 * 99)};
    double squared = 0;
    for (int axis = 0; axis < 3; ++axis) {
      const double away = static_cast<double>(at[axis]) * mask.geometry().spacing_mm[axis] -
                          ball["c"][static_cast<std::size_t>(axis)].get<double>();
      squared += away * away;
    }
    mask[at] = squared <= radius * radius;
  }
  return mask;
}

TEST(GoldMetrics, OfMonaisOwnTests) {
  const auto gold = read_json(kData / "metric_gold/published_gold.json")["monai_hausdorff"];
  ASSERT_EQ(gold["cases"].size(), 6U);
  for (const auto& entry : gold["cases"]) {
    SCOPED_TRACE(entry.dump());
    const Mask p = sphere(entry["pred"], entry["spacing"]), r = sphere(entry["gt"], entry["spacing"]);
    const auto distances = surface_distances(p, r).value();
    const double percent = entry["percentile"].get<double>();
    const double there = percentile(distances.from_prediction_mm, percent).value();
    const double back = percentile(distances.from_reference_mm, percent).value();
    EXPECT_NEAR(there, entry["expected_pair"][0].get<double>(), 1e-6);
    EXPECT_NEAR(std::max(there, back), entry["expected_pair"][1].get<double>(), 1e-6);
    if (percent < 100) {
      EXPECT_NEAR(surface_metrics(p, r)->hd95_pooled_mm, gold["pooled_hd95_for_case_4"].get<double>(), 1e-6);
    }
  }
}

}  // namespace
}  // namespace hepar
