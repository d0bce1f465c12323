// SPDX-License-Identifier: Apache-2.0
// Time of the lesion filter against the number of regions, beside a plain copy of the label map's memory:
//   filter_bench [--rule paper] [--figure time.svg] [--case FOLDER]
// A CT of 512 x 512 x 300 voxels: a body in air, in it a liver of 110 HU with balls of tumour and cyst,
// white noise of SD 15 HU. --case writes the one of 25 regions, for other programs to be run on.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"
#include "hepar/figures/line_plot.h"
#include "hepar/io/image_io.h"
#include "hepar/lesion/lesion_filter.h"
#include "hepar/numeric/statistics.h"

namespace hepar {
namespace {

constexpr double kAirHu = -1000, kBodyHu = 50, kLiverHu = 110, kTumourHu = 75, kCystHu = 8, kNoiseHu = 15;
constexpr Vec3 kCentre{204.4, 204.4, 149.5};  // mm, middle of the grid
constexpr Vec3 kBodyRadii{180, 130, 1e6}, kLiverRadii{110, 85, 95};
constexpr double kLargestMm = 30, kSmallestMm = 8, kGapMm = 3;
constexpr int kRounds = 7;

struct Ball {
  Vec3 centre;
  double radius_mm = 0;
  bool cyst = false;
};

Geometry grid() {
  Geometry geometry;
  geometry.size = {512, 512, 300};
  geometry.spacing_mm = {0.8, 0.8, 1.0};
  return geometry;
}

// Squared distance from the ellipsoid's centre in units of its radii.
double ellipsoid(Vec3 place, Vec3 radii) {
  const Vec3 d = place - kCentre;
  const double x = d.x / radii.x, y = d.y / radii.y, z = d.z / radii.z;
  return x * x + y * y + z * z;
}

// Points of a cubic lattice whose cells lie in the liver.
std::vector<Vec3> lattice(double pitch_mm) {
  const Vec3 inner = kLiverRadii - Vec3{pitch_mm / 2, pitch_mm / 2, pitch_mm / 2};
  std::vector<Vec3> points;
  for (double z = -kLiverRadii.z; z <= kLiverRadii.z; z += pitch_mm)
    for (double y = -kLiverRadii.y; y <= kLiverRadii.y; y += pitch_mm)
      for (double x = -kLiverRadii.x; x <= kLiverRadii.x; x += pitch_mm) {
        const Vec3 point = kCentre + Vec3{x, y, z};
        if (ellipsoid(point, inner) <= 1) points.push_back(point);
      }
  return points;
}

// `count` balls that do not touch, as large as they fit but 8 to 30 mm wide; every other one a cyst.
std::vector<Ball> make_balls(int count) {
  double pitch_mm = kLargestMm + kGapMm;
  std::vector<Vec3> points = lattice(pitch_mm);
  while (std::ssize(points) < count) points = lattice(pitch_mm -= 0.5);
  const double largest_mm = pitch_mm - kGapMm;
  HEPAR_EXPECT(largest_mm >= kSmallestMm, "the balls do not fit into the liver");
  Random random(5);
  std::vector<Ball> balls;
  for (int n = 0; n < count; ++n) {
    const std::size_t place = static_cast<std::size_t>(n) * points.size() / static_cast<std::size_t>(count);
    balls.push_back({points[place], random.uniform(kSmallestMm, largest_mm) / 2, n % 2 == 1});
  }
  return balls;
}

LabelMap make_labels(const std::vector<Ball>& balls) {
  LabelMap labels(grid());
  const Vec3 spacing = labels.geometry().spacing_mm;
  parallel_for(labels.size().k, [&](std::int64_t k) {
    for (std::int64_t j = 0; j < labels.size().j; ++j)
      for (std::int64_t i = 0; i < labels.size().i; ++i) {
        const Vec3 place = labels.geometry().world_from_index(to_vec({i, j, k}));
        if (ellipsoid(place, kLiverRadii) <= 1) labels[{i, j, k}] = kLiver;
      }
  });
  for (const Ball& ball : balls) {
    Int3 low, high;
    for (int axis = 0; axis < 3; ++axis) {
      low[axis] = std::llround((ball.centre[axis] - ball.radius_mm) / spacing[axis]);
      high[axis] = std::llround((ball.centre[axis] + ball.radius_mm) / spacing[axis]);
    }
    for (std::int64_t k = low.k; k <= high.k; ++k)
      for (std::int64_t j = low.j; j <= high.j; ++j)
        for (std::int64_t i = low.i; i <= high.i; ++i) {
          const Vec3 place = labels.geometry().world_from_index(to_vec({i, j, k}));
          if ((place - ball.centre).norm() <= ball.radius_mm) labels[{i, j, k}] = ball.cyst ? kCyst : kTumour;
        }
  }
  return labels;
}

// The CT under a map in which cysts are still marked.
void paint(const LabelMap& labels, const CtVolume& noise, CtVolume& ct) {
  parallel_for(labels.size().k, [&](std::int64_t k) {
    for (std::int64_t j = 0; j < labels.size().j; ++j)
      for (std::int64_t i = 0; i < labels.size().i; ++i) {
        const Vec3 place = labels.geometry().world_from_index(to_vec({i, j, k}));
        const std::array<double, 4> tissue{ellipsoid(place, kBodyRadii) <= 1 ? kBodyHu : kAirHu, kLiverHu,
                                           kTumourHu, kCystHu};
        ct[{i, j, k}] = static_cast<float>(tissue[labels[{i, j, k}]]) + noise[{i, j, k}];
      }
  });
}

CtVolume make_noise() {
  CtVolume noise(grid());
  const auto in_slice = static_cast<std::size_t>(noise.size().i * noise.size().j);
  parallel_for(noise.size().k, [&](std::int64_t k) {
    Random random = Random(11).fork(static_cast<std::uint64_t>(k));
    for (float& value : noise.voxels().subspan(static_cast<std::size_t>(k) * in_slice, in_slice))
      value = static_cast<float>(std::round(random.normal(0, kNoiseHu)));
  });
  return noise;
}

template <class Work>
double seconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Times {
  double filter_s = 0, copy_s = 0;
};

struct Request {
  int threads = 2;
  std::string figure, folder;
  LesionFilterOptions options;
};

Times measure(const CtVolume& ct, const LabelMap& labels, const LesionFilterOptions& options) {
  std::vector<double> filter_s, copy_s;
  std::vector<std::uint8_t> copy(labels.voxels().size(), 1);
  for (int round = 0; round < kRounds; ++round) {
    copy_s.push_back(seconds([&] { std::memcpy(copy.data(), labels.voxels().data(), copy.size()); }));
    LabelMap work = labels;
    LesionFilterResult result;
    filter_s.push_back(seconds([&] { result = filter_lesions(ct, work, options); }));
    HEPAR_EXPECT(!result.regions.empty(), "no region was found");
  }
  return {*median(filter_s), *median(copy_s)};
}

void write_case(const std::string& folder, const CtVolume& ct, const LabelMap& labels) {
  make_folder(folder);
  write_ct(std::filesystem::path(folder) / "ct.nii.gz", ct);
  write_labels(std::filesystem::path(folder) / "labels.nii.gz", labels);
}

void run(const Request& request) {
  set_thread_count(request.threads);
  const CtVolume noise = make_noise();
  CtVolume ct(grid());
  PlotSeries filter{"filter", {}}, copy{"copy of the label map", {}};
  fmt::print("regions,filter_s,copy_s,ratio\n");
  for (const int regions : {1, 3, 10, 25, 30, 100, 300, 1000}) {
    LabelMap labels = make_labels(make_balls(regions));
    paint(labels, noise, ct);
    std::replace(labels.voxels().begin(), labels.voxels().end(), kCyst, kTumour);
    if (regions == 25 && !request.folder.empty()) write_case(request.folder, ct, labels);
    const Times times = measure(ct, labels, request.options);
    fmt::print("{},{:.5f},{:.5f},{:.1f}\n", regions, times.filter_s, times.copy_s,
               times.filter_s / times.copy_s);
    std::fflush(stdout);
    filter.points.push_back({static_cast<double>(regions), times.filter_s});
    copy.points.push_back({static_cast<double>(regions), times.copy_s});
  }
  if (request.figure.empty()) return;
  LinePlot plot;
  plot.title = fmt::format("Lesion filter ({} rule) on 512 x 512 x 300 voxels, {} threads",
                           rule_name(request.options.rule), request.threads);
  plot.x_label = "regions";
  plot.y_label = "time (s)";
  plot.log_x = plot.log_y = true;
  plot.series = {filter, copy};
  write_line_plot(request.figure, plot);
}

}  // namespace
}  // namespace hepar

int main(int argc, char** argv) {
  CLI::App app("Time of the lesion filter against the number of regions.");
  hepar::Request request;
  app.add_option("--figure", request.figure, "Draw the times, .svg or .png");
  app.add_option("--case", request.folder, "Write the CT and labels of 25 regions to this folder");
  app.add_option_function<std::string>(
         "--rule",
         [&](const std::string& name) {
           if (name == "paper") request.options.rule = hepar::LesionRule::kPaper;
         },
         "paper or evidence; default: evidence")
      ->check(CLI::IsMember({"paper", "evidence"}));
  app.add_option("--threads", request.threads, "Threads")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    hepar::run(request);
  } catch (const std::exception& error) {
    fmt::print(stderr, "filter_bench: {}\n", error.what());
    return 1;
  }
}
