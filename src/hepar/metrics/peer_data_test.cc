// SPDX-License-Identifier: Apache-2.0
// Random anisotropic masks against the Python peer; registered where SciPy and nibabel are installed.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "hepar/core/random.h"
#include "hepar/io/image_io.h"
#include "hepar/metrics/region_metrics.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

// Label 1 in blocks of random size, so that there are surfaces and insides.
LabelMap random_blocks(const Geometry& geometry, Random random) {
  LabelMap labels(geometry);
  for (int block = 0; block < 6; ++block) {
    Int3 low, size;
    for (int axis = 0; axis < 3; ++axis) {
      low[axis] = random.integer(0, geometry.size[axis] - 1);
      size[axis] = random.integer(1, geometry.size[axis] - low[axis]);
    }
    for (std::int64_t n = 0; n < size.count(); ++n) {
      labels[low + Int3{n % size.i, n / size.i % size.j, n / (size.i * size.j)}] = 1;
    }
  }
  return labels;
}

nlohmann::json ask_peer(const fs::path& prediction, const fs::path& reference) {
  const std::string command = std::string(HEPAR_PEER_PYTHON) + " " + HEPAR_TEST_DATA + "/peers/metrics.py '" +
                              prediction.string() + "' '" + reference.string() + "' --label 1";
  std::string answer;
  FILE* const pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) answer += buffer.data();
  ::pclose(pipe);
  return nlohmann::json::parse(answer);
}

TEST(PeerMetrics, AgreeOnRandomAnisotropicMasks) {
  const fs::path folder = fs::temp_directory_path() / ("hepar_peer_test_" + std::to_string(::getpid()));
  fs::create_directory(folder);
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    Random random(seed);
    Geometry geometry;
    for (int axis = 0; axis < 3; ++axis) {
      geometry.size[axis] = random.integer(12, 40);
      geometry.spacing_mm[axis] = static_cast<double>(static_cast<float>(random.uniform(0.5, 5)));
    }
    write_labels(folder / "p.nii.gz", random_blocks(geometry, random.fork(1)));
    write_labels(folder / "r.nii.gz", random_blocks(geometry, random.fork(2)));
    constexpr std::array<std::uint8_t, 1> kLabel{1};
    const RegionMetrics ours = evaluate_region(read_labels(folder / "p.nii.gz").voxels,
                                               read_labels(folder / "r.nii.gz").voxels, kLabel);
    const auto peer = ask_peer(folder / "p.nii.gz", folder / "r.nii.gz");
    EXPECT_NEAR(ours.dsc.value(), peer["dsc"].get<double>(), 1e-6) << seed;
    EXPECT_NEAR(ours.hd_mm.value(), peer["hd"].get<double>(), 1e-6) << seed;
    EXPECT_NEAR(ours.hd95_mm.value(), peer["hd95"].get<double>(), 1e-6) << seed;
    EXPECT_NEAR(ours.hd95_pooled_mm.value(), peer["hd95_pooled"].get<double>(), 1e-6) << seed;
    EXPECT_NEAR(ours.assd_mm.value(), peer["assd"].get<double>(), 1e-6) << seed;
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace hepar
