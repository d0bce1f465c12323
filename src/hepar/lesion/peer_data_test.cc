// SPDX-License-Identifier: Apache-2.0
// The fits against the Python peer.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "hepar/core/random.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/imaging/box.h"
#include "hepar/io/image_io.h"
#include "hepar/lesion/lesion_filter.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

// The peer's regions, in scan order with k fastest.
nlohmann::json ask_peer(const CtVolume& ct, const LabelMap& labels) {
  const fs::path folder = fs::temp_directory_path() / ("hepar_lesion_peer_" + std::to_string(::getpid()));
  fs::create_directory(folder);
  write_ct(folder / "ct.nii", ct);
  write_labels(folder / "labels.nii", labels);
  const std::string command = std::string(HEPAR_PEER_PYTHON) + " " + HEPAR_TEST_DATA +
                              "/peers/cyst_filter.py '" + (folder / "ct.nii").string() + "' '" +
                              (folder / "labels.nii").string() + "' --label 2";
  std::string answer;
  FILE* const pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) answer += buffer.data();
  ::pclose(pipe);
  fs::remove_all(folder);
  return nlohmann::json::parse(answer)["regions"];
}

// Component indices in the order of their first voxels with k fastest.
std::vector<std::size_t> peer_order(const LabelMap& labels) {
  const ComponentRuns found = find_components(labels, kTumour);
  const auto map = paint_components(found, labels.geometry());
  std::vector<bool> seen(found.components.size() + 1);
  std::vector<std::size_t> order;
  const Int3 size = labels.size();
  for (std::int64_t i = 0; i < size.i; ++i) {
    for (std::int64_t j = 0; j < size.j; ++j) {
      for (std::int64_t k = 0; k < size.k; ++k) {
        const auto id = static_cast<std::size_t>(map[{i, j, k}]);
        if (id == 0 || seen[id]) continue;
        seen[id] = true;
        order.push_back(id - 1);
      }
    }
  }
  return order;
}

// Fits to fewer voxels jump between local minima.
constexpr std::int64_t kEnoughVoxels = 40;

// Regions that were compared: those large enough to be fitted reliably.
int compare_with_peer(const CtVolume& ct, LabelMap labels) {
  const nlohmann::json peer = ask_peer(ct, labels);
  const std::vector<std::size_t> order = peer_order(labels);
  LesionFilterOptions options;
  options.rule = LesionRule::kPaper;
  const LesionFilterResult ours = filter_lesions(ct, labels, options);
  EXPECT_EQ(ours.regions.size(), peer.size());
  int compared = 0;
  for (std::size_t n = 0; n < order.size() && n < peer.size(); ++n) {
    const LesionRegion& region = ours.regions[order[n]];
    EXPECT_EQ(region.voxels, peer[n]["voxels"].get<std::int64_t>());
    if (region.voxels < kEnoughVoxels) continue;
    EXPECT_TRUE(region.fit.converged && peer[n]["converged"].get<bool>()) << "region " << region.id;
    EXPECT_NEAR(region.fit.mean_hu, peer[n]["M"].get<double>(), 0.01) << "region " << region.id;
    EXPECT_NEAR(region.fit.amplitude / peer[n]["A"].get<double>(), 1, 1e-3) << "region " << region.id;
    EXPECT_NEAR(region.fit.std_smoothed_hu / peer[n]["S"].get<double>(), 1, 1e-3) << "region " << region.id;
    if (region.flags.empty()) {
      EXPECT_EQ(region.verdict == Verdict::kCalledCyst, peer[n]["cyst"].get<bool>())
          << "region " << region.id;
    }
    ++compared;
  }
  return compared;
}

TEST(PeerFits, AgreeOnRegionsOfAssortedSizeAndSpread) {
  Geometry geometry;
  geometry.size = {150, 150, 60};
  geometry.spacing_mm = {0.75, 0.75, 1.5};
  CtVolume ct(geometry);
  LabelMap labels(geometry, kLiver);
  Random random(5);
  for (float& hu : ct.voxels()) hu = static_cast<float>(random.normal(110, 20));
  for (std::int64_t cell = 0; cell < 10 * 10 * 4; ++cell) {
    const Int3 low{cell % 10 * 15 + 1, cell / 10 % 10 * 15 + 1, cell / 100 * 15 + 1};
    const Int3 size{random.integer(2, 13), random.integer(2, 13), random.integer(2, 13)};
    const double mean_hu = random.uniform(-10, 140), sd_hu = random.uniform(5, 40);
    for (std::int64_t n = 0; n < size.count(); ++n) {
      const Int3 at = low + Int3{n % size.i, n / size.i % size.j, n / (size.i * size.j)};
      labels[at] = kTumour;
      ct[at] = static_cast<float>(random.normal(mean_hu, sd_hu));
    }
  }
  EXPECT_GE(compare_with_peer(ct, labels), 300);
}

TEST(PeerFits, AgreeOnRealTumoursAndPiecesOfRealLiver) {
  const fs::path folder = fs::path(HEPAR_UNPACKED_DATA) / "ircadb01/case01";
  const LabelMap whole = read_labels(folder / "derived_label_liver1_tumour2_cyst3.nii.gz").voxels;
  const Box3 box = bounding_box(whole).value();
  const CtVolume ct = crop(read_ct_series(folder / "PATIENT_DICOM").voxels, box);
  LabelMap labels = crop(whole, box);
  EXPECT_EQ(compare_with_peer(ct, labels), 7);

  const Int3 size = labels.size();
  for (std::size_t n = 0; n < labels.voxels().size(); ++n) {  // pieces of 30 x 30 x 12 voxels, 4 apart
    const auto offset = static_cast<std::int64_t>(n);
    const Int3 at{offset % size.i, offset / size.i % size.j, offset / (size.i * size.j)};
    const bool inside = at.i % 34 < 30 && at.j % 34 < 30 && at.k % 16 < 12;
    if (labels.voxels()[n] == kLiver && inside) labels.voxels()[n] = kTumour;
  }
  EXPECT_GE(compare_with_peer(ct, labels), 100);
}

}  // namespace
}  // namespace hepar
