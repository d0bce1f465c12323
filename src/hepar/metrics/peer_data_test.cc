// SPDX-License-Identifier: Apache-2.0
// Random anisotropic masks against the Python peer and formulas in NumPy and SciPy (peer_driver.py);
// registered where SciPy and nibabel are installed.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hepar/core/random.h"
#include "hepar/io/image_io.h"
#include "hepar/metrics/lesion_detection.h"
#include "hepar/metrics/metric_table.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

constexpr std::array<std::uint8_t, 1> kLabel{1};

Geometry random_grid(Random& random, std::int64_t smallest, std::int64_t largest) {
  Geometry geometry;
  for (int axis = 0; axis < 3; ++axis) {
    geometry.size[axis] = random.integer(smallest, largest);
    geometry.spacing_mm[axis] = static_cast<double>(static_cast<float>(random.uniform(0.5, 5)));
    geometry.origin_mm[axis] = static_cast<double>(random.integer(-100, 100));
  }
  return geometry;
}

// Label 1 in blocks of random size, so that there are surfaces and insides.
LabelMap random_blocks(const Geometry& geometry, Random random, int blocks, std::int64_t largest) {
  LabelMap labels(geometry);
  for (int block = 0; block < blocks; ++block) {
    Int3 low, size;
    for (int axis = 0; axis < 3; ++axis) {
      low[axis] = random.integer(0, geometry.size[axis] - 1);
      size[axis] = random.integer(1, std::min(largest, geometry.size[axis] - low[axis]));
    }
    for (std::int64_t n = 0; n < size.count(); ++n) {
      labels[low + Int3{n % size.i, n / size.i % size.j, n / (size.i * size.j)}] = 1;
    }
  }
  return labels;
}

struct Pair {
  LabelMap prediction, reference;
};

// Writes the pairs, has the driver answer them all and removes them.
nlohmann::json ask_driver(const std::string& mode, std::vector<Pair>& pairs) {
  const fs::path folder = fs::temp_directory_path() / fmt::format("hepar_{}_{}", mode, ::getpid());
  fs::create_directory(folder);
  for (std::size_t n = 0; n < pairs.size(); ++n) {
    const fs::path p = folder / fmt::format("p{}.nii", n), r = folder / fmt::format("r{}.nii", n);
    write_labels(p, pairs[n].prediction);
    write_labels(r, pairs[n].reference);
    pairs[n] = {read_labels(p).voxels, read_labels(r).voxels};
  }
  const std::string command =
      fmt::format("{} '{}' {} '{}/peers/metrics.py' '{}' {}", HEPAR_PEER_PYTHON, HEPAR_METRICS_PEER_DRIVER,
                  mode, HEPAR_TEST_DATA, folder.string(), pairs.size());
  std::string answer;
  FILE* const pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) answer += buffer.data();
  ::pclose(pipe);
  fs::remove_all(folder);
  return nlohmann::json::parse(answer);
}

TEST(PeerMetrics, AgreeOn200RandomAnisotropicPairs) {
  std::vector<Pair> pairs;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const Geometry grid = random_grid(random, 1, 36);
    pairs.push_back({random_blocks(grid, random.fork(1), 6, 36), random_blocks(grid, random.fork(2), 6, 36)});
  }
  const auto answers = ask_driver("metrics", pairs);
  ASSERT_EQ(answers.size(), pairs.size());
  for (std::size_t n = 0; n < pairs.size(); ++n) {
    SCOPED_TRACE(n);
    const auto& [prediction, reference] = pairs[n];
    const RegionMetrics ours = evaluate_region(prediction, reference, kLabel);
    const auto& peer = answers[n]["peer"];
    EXPECT_NEAR(ours.dsc.value(), peer["dsc"].get<double>(), 1e-6);
    EXPECT_NEAR(ours.hd_mm.value(), peer["hd"].get<double>(), 1e-6);
    EXPECT_NEAR(ours.hd95_mm.value(), peer["hd95"].get<double>(), 1e-6);
    EXPECT_NEAR(ours.hd95_pooled_mm.value(), peer["hd95_pooled"].get<double>(), 1e-6);
    EXPECT_NEAR(ours.assd_mm.value(), peer["assd"].get<double>(), 1e-6);
    for (const auto& [key, value] : answers[n]["formulas"].items()) {
      SCOPED_TRACE(key);
      if (key == "added_path_length_at_tolerance_mm") {
        const RegionMetrics tolerant =
            evaluate_region(prediction, reference, kLabel, {.path_tolerance_mm = 1.5});
        EXPECT_NEAR(tolerant.added_path_length_mm.value(), value.get<double>(), 1e-6);
      } else {
        const MetricInfo* const metric = find_metric(key);
        ASSERT_NE(metric, nullptr);
        EXPECT_NEAR((ours.*(metric->value)).value(), value.get<double>(), 1e-6);
      }
    }
  }
}

// The file's world is RAS, ours LPS.
void expect_lesion(const Lesion& ours, const nlohmann::json& theirs) {
  EXPECT_NEAR(ours.volume_ml, theirs["volume_ml"].get<double>(), 1e-9);
  EXPECT_NEAR(ours.diameter_mm, theirs["diameter_mm"].get<double>(), 1e-9);
  const auto& centre = theirs["centroid_ras"];
  EXPECT_NEAR(ours.centroid_lps_mm.x, -centre[0].get<double>(), 1e-4);
  EXPECT_NEAR(ours.centroid_lps_mm.y, -centre[1].get<double>(), 1e-4);
  EXPECT_NEAR(ours.centroid_lps_mm.z, centre[2].get<double>(), 1e-4);
}

void expect_detection(const LesionDetection& ours, const nlohmann::json& theirs, const std::string& min_iou) {
  ASSERT_EQ(ours.references.size(), theirs["references"].size());
  ASSERT_EQ(ours.predictions.size(), theirs["predictions"].size());
  const auto& detected = theirs["detected"][min_iou];
  for (std::size_t n = 0; n < ours.references.size(); ++n) {
    expect_lesion(ours.references[n], theirs["references"][n]);
    EXPECT_NEAR(ours.references[n].iou, theirs["iou"][n].get<double>(), 1e-12);
    EXPECT_EQ(ours.references[n].detected, detected[n].get<bool>());
  }
  for (std::size_t n = 0; n < ours.predictions.size(); ++n) {
    const auto& partner = theirs["partner"][n];
    expect_lesion(ours.predictions[n], theirs["predictions"][n]);
    EXPECT_EQ(ours.predictions[n].reference.has_value(), !partner.is_null());
    EXPECT_EQ(ours.predictions[n].true_positive,
              !partner.is_null() && detected[partner.get<std::size_t>()].get<bool>());
    if (!partner.is_null()) {
      EXPECT_EQ(ours.predictions[n].reference, partner.get<std::size_t>());
    }
  }
}

// Other blocks, and the lower half of the reference moved by a voxel.
LabelMap half_found(const LabelMap& reference, Random random) {
  LabelMap labels = random_blocks(reference.geometry(), random, static_cast<int>(random.integer(0, 8)), 6);
  const Int3 size = labels.size();
  for (std::int64_t n = 0; n < size.count() / 2; ++n) {
    const Int3 at{n % size.i, n / size.i % size.j, n / (size.i * size.j)};
    if (at.i > 0 && reference[at - Int3{1, 0, 0}] != 0) labels[at] = 1;
  }
  return labels;
}

TEST(PeerDetection, AgreesWithBruteForceOnRandomMasks) {
  std::vector<Pair> pairs;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    const Geometry grid = random_grid(random, 8, 24);
    const LabelMap reference = random_blocks(grid, random.fork(1), static_cast<int>(random.integer(0, 9)), 6);
    pairs.push_back({half_found(reference, random.fork(2)), reference});
  }
  const auto answers = ask_driver("lesions", pairs);
  DetectionCounts all;
  for (std::size_t n = 0; n < pairs.size(); ++n) {
    for (const auto& [value, text] : {std::pair{0.0, "0"}, {0.1, "0.1"}, {0.5, "0.5"}}) {
      SCOPED_TRACE(fmt::format("{} at {}", n, text));
      const LesionDetection ours = detect_lesions(pairs[n].prediction, pairs[n].reference, kLabel, value);
      expect_detection(ours, answers[n], text);
      all += ours.summary().all;
    }
  }
  // Each outcome occurred, so that none is compared by chance alone.
  EXPECT_GT(all.detected, 100);
  EXPECT_GT(all.references - all.detected, 100);
  EXPECT_GT(all.false_positives, 100);
}

}  // namespace
}  // namespace hepar
