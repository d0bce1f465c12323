// SPDX-License-Identifier: Apache-2.0
// Time from a label map to contours and from contours to voxels again, beside a plain copy of the label map:
//   contour_bench [--threads N] [--style half|edges] [--simplify MM]
// 512 x 512 x 300 voxels: a liver with a rough surface, in it tumours and cysts with holes; the ROIs are the
// whole liver, its tumours and its cysts. Prints the best of several rounds in ms and the number of points,
// and fails unless every voxel comes back.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"
#include "hepar/dicom/roi_masks.h"

namespace hepar {
namespace {

constexpr int kRounds = 7, kLesions = 40;
constexpr Vec3 kCentre{204.4, 204.4, 149.5};  // mm, middle of the grid
constexpr Vec3 kLiverRadii{110, 85, 95};

Geometry grid() { return {.size = {512, 512, 300}, .spacing_mm = {0.8, 0.8, 1.0}}; }

CtGrid ct_grid() {
  CtGrid ct{grid(), {}, false, "1.2.3", "1.2", "1.2.9", {}};
  for (std::int64_t k = 0; k < ct.geometry.size.k; ++k) {
    ct.slices.push_back({fmt::format("1.2.3.{}", k), ct.geometry.world_from_index(to_vec({0, 0, k})), {}});
  }
  return ct;
}

// 1 on the surface of an ellipsoid, less within.
double depth(Vec3 place, Vec3 centre, Vec3 radii) {
  const Vec3 d = place - centre;
  return std::hypot(d.x / radii.x, d.y / radii.y, d.z / radii.z);
}

struct Lesion {
  Vec3 centre;
  double radius_mm = 0;
  std::uint8_t label = kTumour;
};

std::vector<Lesion> make_lesions() {
  Random random(11);
  std::vector<Lesion> lesions;
  for (int n = 0; n < kLesions; ++n) {
    Vec3 centre;
    for (int axis = 0; axis < 3; ++axis)
      centre[axis] = kCentre[axis] + random.uniform(-0.5, 0.5) * kLiverRadii[axis];
    lesions.push_back({centre, random.uniform(4, 18), n % 2 == 0 ? kTumour : kCyst});
  }
  return lesions;
}

LabelMap make_labels() {
  LabelMap labels(grid());
  const std::vector<Lesion> lesions = make_lesions();
  parallel_for(labels.size().k, [&](std::int64_t k) {
    Random random = Random(7).fork(static_cast<std::uint64_t>(k));
    for (std::int64_t j = 0; j < labels.size().j; ++j) {
      for (std::int64_t i = 0; i < labels.size().i; ++i) {
        const Vec3 place = labels.geometry().world_from_index(to_vec({i, j, k}));
        const double in_liver = depth(place, kCentre, kLiverRadii);
        if (in_liver > 1.01 || in_liver + random.uniform(-0.005, 0.005) > 1) continue;
        std::uint8_t label = kLiver;
        const double roughness_mm = random.uniform(-0.5, 0.5);
        for (const Lesion& lesion : lesions) {
          const double from_centre_mm = (place - lesion.centre).norm() + roughness_mm;
          if (from_centre_mm < lesion.radius_mm && from_centre_mm > lesion.radius_mm / 3)
            label = lesion.label;
        }
        labels[{i, j, k}] = label;
      }
    }
  });
  return labels;
}

template <class Call>
double best_ms(const Call& call) {
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    call();
    best = std::min(
        best, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

void check(const LabelMap& labels, const StructureSet& set, const DicomProfile& profile, const CtGrid& ct) {
  for (std::size_t n = 0; n < set.rois.size(); ++n) {
    const Mask mask = roi_mask(set, set.rois[n], ct).mask;
    for (std::size_t v = 0; v < mask.voxels().size(); ++v) {
      const auto& wanted = profile.rois[n].labels;
      const bool inside = std::find(wanted.begin(), wanted.end(), labels.voxels()[v]) != wanted.end();
      HEPAR_EXPECT(inside == (mask.voxels()[v] != 0), "a voxel did not come back");
    }
  }
}

void run(const DicomProfile& profile) {
  const LabelMap labels = make_labels();
  const CtGrid ct = ct_grid();
  LabelMap copy = labels;
  const double copy_ms =
      best_ms([&] { std::copy(labels.voxels().begin(), labels.voxels().end(), copy.voxels().begin()); });
  StructureSet set;
  const double contour_ms = best_ms([&] { set = contour_labels(labels, ct, profile); });
  const double fill_ms = best_ms([&] {
    for (const Roi& roi : set.rois) roi_mask(set, roi, ct);
  });
  check(labels, set, profile, ct);
  std::size_t contours = 0, points = 0;
  for (const Roi& roi : set.rois) {
    contours += roi.contours.size();
    for (const RoiContour& contour : roi.contours) points += contour.points_mm.size();
  }
  fmt::print(
      "threads {}  copy {:.0f} ms  contour_labels {:.0f} ms  roi_mask of {} ROIs {:.0f} ms  contours {}  "
      "points {}\n",
      thread_count(), copy_ms, contour_ms, set.rois.size(), fill_ms, contours, points);
}

}  // namespace
}  // namespace hepar

int main(int argc, char** argv) {
  CLI::App app{"contour_bench"};
  int threads = hepar::thread_count();
  std::string style = "half";
  hepar::DicomProfile profile{.rois = {{"Liver", {1, 2, 3}, "ORGAN", {}, {}, {}},
                                       {"GTV", {2}, "GTV", {}, {}, {}},
                                       {"Cyst", {3}, "", {}, {}, {}}}};
  app.add_option("--threads", threads);
  app.add_option("--style", style)->check(CLI::IsMember({"half", "edges"}));
  app.add_option("--simplify", profile.simplify_mm);
  CLI11_PARSE(app, argc, argv);
  hepar::set_thread_count(threads);
  if (style == "edges") profile.contour_style = hepar::ContourStyle::kPixelEdges;
  hepar::run(profile);
  return 0;
}
