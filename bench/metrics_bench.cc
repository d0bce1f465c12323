// SPDX-License-Identifier: Apache-2.0
// Time of all metrics of one structure, evaluate_region, on pairs of label maps:
//   metrics_bench [--pair liver] [--case FOLDER] [--threads 2]
// The liver is a deformed ellipsoid of 1.5 L on 512 x 512 x 300 voxels; its prediction has a bumpy border and
// one island far away. The other pairs are what could cost most. --case writes the pair as
// prediction.nii.gz and reference.nii.gz, for other programs to be run on.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "hepar/core/file.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"
#include "hepar/io/image_io.h"
#include "hepar/metrics/region_metrics.h"
#include "hepar/numeric/statistics.h"

namespace hepar {
namespace {

constexpr Vec3 kLiverCentre{170, 200, 150}, kLiverRadii{89, 64, 61};
constexpr Vec3 kIsland{330, 240, 215};  // mm, in the place of the spleen's tip
constexpr double kIslandRadius = 8, kBumpMm = 8.5;
constexpr int kRounds = 7;
constexpr std::array<std::uint8_t, 3> kLabels{kLiver, kTumour, kCyst};

struct Pair {
  LabelMap prediction, reference;
};

Geometry grid(Int3 size) {
  Geometry geometry;
  geometry.size = size;
  geometry.spacing_mm = {0.8, 0.8, 1.0};
  return geometry;
}

// Calls inside(place in mm) for every voxel and marks those for which it holds.
template <class Inside>
LabelMap paint(Int3 size, const Inside& inside) {
  LabelMap labels(grid(size));
  parallel_for(size.k, [&](std::int64_t k) {
    for (std::int64_t j = 0; j < size.j; ++j)
      for (std::int64_t i = 0; i < size.i; ++i)
        labels[{i, j, k}] = inside(labels.geometry().world_from_index(to_vec({i, j, k}))) ? kLiver : 0;
  });
  return labels;
}

// An ellipsoid with a few broad lobes; `bump_mm` adds finer ones.
bool in_liver(Vec3 place, double bump_mm) {
  const Vec3 from_centre = place - kLiverCentre;
  const Vec3 unit{from_centre.x / kLiverRadii.x, from_centre.y / kLiverRadii.y,
                  from_centre.z / kLiverRadii.z};
  const double radius = unit.norm();
  if (radius > 1.5) return false;
  const double azimuth = std::atan2(unit.y, unit.x), height = radius > 0 ? unit.z / radius : 0;
  const double lobes = 0.12 * std::sin(2 * azimuth + 1) + 0.1 * std::sin(3 * azimuth) * height;
  const double bumps = std::sin(11 * azimuth) * std::cos(9 * height) * bump_mm / 70;
  return radius <= 1 + lobes + bumps;
}

Pair liver_pair() {
  constexpr Int3 kSize{512, 512, 300};
  return {
      paint(kSize,
            [](Vec3 place) { return in_liver(place, kBumpMm) || (place - kIsland).norm() <= kIslandRadius; }),
      paint(kSize, [](Vec3 place) { return in_liver(place, 0); })};
}

LabelMap noise(std::uint64_t seed, Int3 size) {
  LabelMap labels(grid(size));
  const auto slice = static_cast<std::size_t>(size.i * size.j);
  parallel_for(size.k, [&](std::int64_t k) {
    Random random = Random(seed).fork(static_cast<std::uint64_t>(k));
    for (auto& voxel : labels.voxels().subspan(static_cast<std::size_t>(k) * slice, slice))
      voxel = random.chance(0.5) ? kLiver : kBackground;
  });
  return labels;
}

// The pairs by name; all but the first are there to find what costs most.
Pair make_pair(const std::string& name) {
  constexpr Int3 kSize{512, 512, 300}, kNoiseSize{256, 256, 150};
  if (name == "liver") return liver_pair();
  if (name == "tiny") {  // one voxel in a corner against a liver
    LabelMap corner(grid(kSize));
    corner[{511, 511, 299}] = kLiver;
    return {corner, liver_pair().reference};
  }
  if (name == "nested") {  // a ball of 20 mm at the centre of one of 110 mm
    const auto ball = [](double radius) {
      return paint(kSize, [radius](Vec3 place) { return (place - Vec3{200, 200, 150}).norm() <= radius; });
    };
    return {ball(20), ball(110)};
  }
  if (name == "flat") return {noise(1, {2048, 2048, 1}), noise(2, {2048, 2048, 1})};
  Pair pair{noise(1, kNoiseSize), noise(2, kNoiseSize)};
  if (name == "apart") {  // noise in the first third against noise in the last
    for (std::int64_t k = 0; k < kNoiseSize.k; ++k)
      for (std::int64_t j = 0; j < kNoiseSize.j; ++j) {
        std::fill_n(&pair.prediction[{86, j, k}], 170, kBackground);
        std::fill_n(&pair.reference[{0, j, k}], 170, kBackground);
      }
  }
  return pair;
}

struct Times {
  std::vector<double> wall_s, cpu_s;
};

RegionMetrics measure(const Pair& pair, Times& times) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t cpu_start = std::clock();
  const RegionMetrics metrics = evaluate_region(pair.prediction, pair.reference, kLabels);
  times.wall_s.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  times.cpu_s.push_back(static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC);
  return metrics;
}

void run(const std::string& name, const std::string& folder) {
  const Pair pair = make_pair(name);
  if (!folder.empty()) {
    make_folder(folder);
    write_labels(std::filesystem::path(folder) / "prediction.nii.gz", pair.prediction);
    write_labels(std::filesystem::path(folder) / "reference.nii.gz", pair.reference);
  }
  RegionMetrics metrics;
  Times times;
  for (int round = 0; round < kRounds; ++round) metrics = measure(pair, times);
  fmt::print("{}: {:.4f} s (median of {}; {:.4f} to {:.4f}), {:.4f} s of processor time, {} threads\n", name,
             *median(times.wall_s), kRounds, *std::min_element(times.wall_s.begin(), times.wall_s.end()),
             *std::max_element(times.wall_s.begin(), times.wall_s.end()), *median(times.cpu_s),
             thread_count());
  fmt::print("reference {:.1f} mL, DSC {:.4f}, HD {:.3f} mm, HD95 {:.3f} mm\n", *metrics.reference_ml,
             metrics.dsc.value_or(-1), metrics.hd_mm.value_or(-1), metrics.hd95_mm.value_or(-1));
}

}  // namespace
}  // namespace hepar

int main(int argc, char** argv) {
  CLI::App app("Time of all metrics of one structure.");
  std::string name = "liver", folder;
  int threads = 2;
  app.add_option("--pair", name, "Which masks")
      ->check(CLI::IsMember({"liver", "tiny", "nested", "noise", "apart", "flat"}))
      ->capture_default_str();
  app.add_option("--case", folder, "Write the pair to this folder");
  app.add_option("--threads", threads, "Threads")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    hepar::set_thread_count(threads);
    hepar::run(name, folder);
  } catch (const std::exception& error) {
    fmt::print(stderr, "metrics_bench: {}\n", error.what());
    return 1;
  }
}
