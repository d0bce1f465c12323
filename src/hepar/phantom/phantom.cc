// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/phantom.h"

#include <fmt/format.h>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/phantom/painter.h"

namespace hepar {
namespace {

using phantom::PaintedSlice;
using phantom::Patient;
using phantom::Scan;

constexpr float kLowestHu = -1024;

void check(const PhantomOptions& options, std::int64_t index) {
  const double p = options.necrotic_probability;
  if (!(p >= 0 && p <= 1))
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("the share of necrotic tumours is {}; give a number from 0 to 1", p));
  const auto check_range = [](const char* what, const std::optional<double>& value, double low, double high) {
    if (value && !(*value >= low && *value <= high))
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("the {} is {}; give a number from {} to {}", what, *value, low, high));
  };
  check_range("slice thickness in mm", options.slice_thickness_mm, 0.5, 10);
  check_range("noise in HU", options.noise_sd_hu, 0, 100);
  if (index < 0)
    throw Error(ErrorCode::kInvalidInput, fmt::format("the case number is {}; give 0 or more", index));
}

// Signal and truth of every slice of the scan.
struct Painted {
  std::vector<std::vector<float>> hu;  // by fine slice, `margin` of them before the first stored one
  std::int64_t margin = 0;
  Volume<std::uint8_t> lesion_ids;
  std::vector<std::vector<phantom::LesionSum>> sums;  // by stored slice
};

Painted paint(const Patient& patient, const Scan& scan, LabelMap& labels, std::int64_t margin) {
  const std::int64_t fine = scan.slices * scan.substeps + 2 * margin;
  const std::int64_t middle = scan.substeps / 2;
  const std::int64_t area = scan.pixels * scan.pixels;
  Painted painted;
  painted.margin = margin;
  painted.hu.resize(static_cast<std::size_t>(fine));
  painted.lesion_ids = Volume<std::uint8_t>(labels.geometry());
  painted.sums.resize(static_cast<std::size_t>(scan.slices));
  const double step = scan.spacing_mm / static_cast<double>(scan.substeps);
  parallel_for(fine, [&](std::int64_t n) {
    const std::int64_t from_first = n - margin - middle;
    PaintedSlice slice =
        phantom::paint_slice(patient, scan, scan.low_z + step * static_cast<double>(from_first));
    phantom::blur_in_plane(slice.hu, scan.pixels, scan.facts.psf_sigma_mm / scan.pixel_mm);
    painted.hu[static_cast<std::size_t>(n)] = std::move(slice.hu);
    if (from_first < 0 || from_first % scan.substeps != 0 || from_first / scan.substeps >= scan.slices)
      return;
    const std::int64_t k = from_first / scan.substeps;
    std::copy(slice.label.begin(), slice.label.end(), labels.voxels().begin() + k * area);
    std::copy(slice.lesion.begin(), slice.lesion.end(), painted.lesion_ids.voxels().begin() + k * area);
    painted.sums[static_cast<std::size_t>(k)] = std::move(slice.sums);
  });
  return painted;
}

// Noise is strongest behind the most tissue: full in the middle of the body, 0.65 of it at the skin.
double noise_share(const Patient& patient, double x, double y) {
  const double u = x / patient.anatomy.half_width, v = y / patient.anatomy.half_depth;
  return std::max(0.45, 1 - 0.35 * (u * u + v * v));
}

void develop(const Patient& patient, const Scan& scan, const Painted& painted, Random random, CtVolume& ct) {
  const std::int64_t area = scan.pixels * scan.pixels;
  const auto profile = phantom::slice_profile(scan.facts.slice_thickness_mm,
                                              scan.spacing_mm / static_cast<double>(scan.substeps));
  const auto noise_profile = phantom::slice_profile(scan.facts.slice_thickness_mm, scan.spacing_mm);
  double power = 0;
  for (const double w : noise_profile) power += w * w;
  const auto half = static_cast<std::int64_t>(profile.size() / 2),
             noise_half = static_cast<std::int64_t>(noise_profile.size() / 2);
  const phantom::NoiseShaper shaper(scan.pixels, scan.pixel_mm, scan.facts.nps_cutoff_per_mm);
  const std::int64_t white_count = scan.slices + 2 * noise_half;
  std::vector<std::vector<float>> white(static_cast<std::size_t>(white_count + 1),
                                        std::vector<float>(static_cast<std::size_t>(area)));
  parallel_for((white_count + 1) / 2, [&](std::int64_t n) {
    shaper.draw_pair(random.fork(static_cast<std::uint64_t>(n)), white[static_cast<std::size_t>(2 * n)],
                     white[static_cast<std::size_t>(2 * n + 1)]);
  });
  const double radius = 0.5 * scan.pixel_mm * static_cast<double>(scan.pixels);
  parallel_for(scan.slices, [&](std::int64_t k) {
    std::vector<double> line(static_cast<std::size_t>(scan.pixels));
    const std::int64_t centre = painted.margin + k * scan.substeps + scan.substeps / 2;
    for (std::int64_t j = 0; j < scan.pixels; ++j)
      for (std::int64_t i = 0; i < scan.pixels; ++i) {
        const auto at = static_cast<std::size_t>(j * scan.pixels + i);
        double hu = 0, noise = 0;
        for (std::int64_t n = -half; n <= half; ++n)
          hu += profile[static_cast<std::size_t>(n + half)] *
                static_cast<double>(painted.hu[static_cast<std::size_t>(centre + n)][at]);
        for (std::int64_t n = -noise_half; n <= noise_half; ++n)
          noise += noise_profile[static_cast<std::size_t>(n + noise_half)] *
                   static_cast<double>(white[static_cast<std::size_t>(k + n + noise_half)][at]);
        const double x = scan.first_xy() + scan.pixel_mm * static_cast<double>(i),
                     y = scan.first_xy() + scan.pixel_mm * static_cast<double>(j);
        hu += scan.facts.noise_sd_hu / std::sqrt(power) * noise_share(patient, x, y) * noise;
        const bool outside = scan.circle && x * x + y * y > radius * radius;
        ct.voxels()[static_cast<std::size_t>(k * area) + at] =
            outside ? kLowestHu : std::max(kLowestHu, static_cast<float>(std::round(hu)));
      }
  });
}

// For each lesion whether a voxel of it has a 26-neighbour in a lesion of the other label.
std::vector<bool> find_touching(const Volume<std::uint8_t>& ids,
                                const std::vector<phantom::Lesion>& lesions) {
  std::vector<bool> touching(lesions.size(), false);
  const Int3 size = ids.size();
  for (Int3 at; at.k < size.k; ++at.k)
    for (at.j = 0; at.j < size.j; ++at.j)
      for (at.i = 0; at.i < size.i; ++at.i) {
        const std::uint8_t id = ids[at];
        if (id == 0) continue;
        for (std::int64_t n = 0; n < 27; ++n) {
          const Int3 near = at + Int3{n % 3 - 1, n / 3 % 3 - 1, n / 9 - 1};
          const std::uint8_t other = ids.contains(near) ? ids[near] : std::uint8_t{0};
          if (other != 0 && lesions[other - 1U].is_cyst() != lesions[id - 1U].is_cyst())
            touching[id - 1U] = true;
        }
      }
  return touching;
}

std::vector<LesionTruth> truth_of(const Patient& patient, const Painted& painted, const Geometry& geometry,
                                  Vec3 world_from_patient) {
  const std::vector<bool> touching = find_touching(painted.lesion_ids, patient.lesions);
  std::vector<LesionTruth> truth;
  for (std::size_t n = 0; n < patient.lesions.size(); ++n) {
    phantom::LesionSum sum;
    for (const auto& slice : painted.sums) {
      sum.voxels += slice[n].voxels, sum.hu += slice[n].hu;
      sum.place_mm = sum.place_mm + slice[n].place_mm;
    }
    if (sum.voxels == 0) continue;
    const double count = static_cast<double>(sum.voxels);
    LesionTruth lesion;
    lesion.kind = phantom::lesion_kind_name(patient.lesions[n].kind);
    lesion.centre_lps_mm = (1 / count) * sum.place_mm + world_from_patient;
    lesion.diameter_mm = std::cbrt(6000 * count * geometry.voxel_volume_ml() / 3.14159265358979323846);
    lesion.true_mean_hu = sum.hu / count;
    lesion.touching = touching[n];
    lesion.voxels = sum.voxels;
    truth.push_back(lesion);
  }
  return truth;
}

}  // namespace

const char* phase_name(ContrastPhase phase) {
  switch (phase) {
    case ContrastPhase::kLateArterial:
      return "late_arterial";
    case ContrastPhase::kPortalVenous:
      return "portal_venous";
    case ContrastPhase::kDelayed:
      return "delayed";
    case ContrastPhase::kUnenhanced:
      return "unenhanced";
  }
  return "";
}

Phantom make_phantom(const PhantomOptions& options, std::uint64_t seed, std::int64_t index) {
  check(options, index);
  Random random = Random(seed).fork(static_cast<std::uint64_t>(index));
  Patient patient(random.fork(1), options.phase);
  const double low_z = patient.anatomy.liver_low_z - random.uniform(25, 45), high_z = random.uniform(25, 45);
  Scan scan = phantom::draw_scan(random.fork(2), options, patient.anatomy.half_width, low_z, high_z);
  patient.vessels = phantom::grow_vessels(random.fork(3), patient.anatomy, 160);
  const double gap_mm = 3 * std::max(scan.pixel_mm, scan.spacing_mm);
  if (options.lesions) {
    patient.lesions =
        phantom::draw_lesions(random.fork(4), patient.anatomy, patient.tissues, options, std::max(4.0, gap_mm));
  }
  scan.facts.phase = patient.tissues.phase, scan.facts.delay_s = patient.tissues.delay_s;
  scan.facts.liver_hu = patient.tissues.liver;

  const Vec3 world_from_patient{random.uniform(-20, 20), random.uniform(-160, 40),
                                random.uniform(-400, 1400)};
  Geometry geometry;
  geometry.size = {scan.pixels, scan.pixels, scan.slices};
  geometry.spacing_mm = {scan.pixel_mm, scan.pixel_mm, scan.spacing_mm};
  geometry.origin_mm = world_from_patient + Vec3{scan.first_xy(), scan.first_xy(), scan.low_z};
  Phantom result{CtVolume(geometry), LabelMap(geometry), {}, scan.facts};
  const double step = scan.spacing_mm / static_cast<double>(scan.substeps);
  const auto margin =
      static_cast<std::int64_t>(phantom::slice_profile(scan.facts.slice_thickness_mm, step).size() / 2);
  const Painted painted = paint(patient, scan, result.labels, margin);
  develop(patient, scan, painted, random.fork(5), result.ct);
  result.lesions = truth_of(patient, painted, geometry, world_from_patient);
  return result;
}

}  // namespace hepar
