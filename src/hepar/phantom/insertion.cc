// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/insertion.h"

#include <fmt/format.h>

#include <algorithm>

#include <cmath>

#include "hepar/core/error.h"
#include "hepar/imaging/box.h"
#include "hepar/imaging/connected_components.h"
#include "hepar/imaging/distance.h"
#include "hepar/imaging/image_quality.h"
#include "hepar/phantom/insertion_paint.h"

namespace hepar {
namespace {

constexpr int kMostLesions = 100;
// FWHM 1.5 mm, usual for abdominal kernels, where the scan's own can't be measured.
constexpr double kUsualPsfSigmaMm = 0.65;

void check_grids(const CtVolume& ct, const LabelMap& labels) {
  if (const auto difference = grid_difference(ct.geometry(), labels.geometry())) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("the label map is not on the CT's grid: {}; resample it onto the CT first", *difference));
  }
}

phantom::ScanLook measure_look(const CtVolume& ct, const LabelMap& labels, std::vector<std::string>& notes) {
  phantom::ScanLook look;
  const auto psf = estimate_psf_sigma_mm(ct);
  look.psf_sigma_mm = psf.value_or(kUsualPsfSigmaMm);
  if (!psf)
    notes.push_back(fmt::format("too little skin against air to measure the blur; {:.2f} mm is assumed",
                                kUsualPsfSigmaMm));
  const auto noise = estimate_noise(ct, labels, kLiver);
  const auto texture =
      phantom::measure_noise_texture(ct, labels, kLiver, noise ? std::optional(noise->sd_hu) : std::nullopt);
  if (!texture) {
    throw Error(ErrorCode::kInvalidInput,
                "the liver (label 1) holds no 24 uninterrupted patches of 4 x 4 pixels to measure the noise "
                "in; give a map of the whole liver");
  }
  look.noise = *texture;
  return look;
}

// The contour that a network might give of one lesion of the input.
class ContourNoise {
 public:
  ContourNoise(double error_mm, LabelMap& contoured) : error_mm_(error_mm), contoured_(contoured) {}

  void disturb(const ComponentRuns& found, const Component& lesion, Random random) {
    const Int3 size = contoured_.size();
    const Vec3 spacing = contoured_.geometry().spacing_mm;
    const double pixel_mm = std::min({spacing.x, spacing.y, spacing.z});
    Box3 box = lesion.bounds;
    Vec3 extent_mm;
    for (int axis = 0; axis < 3; ++axis) {
      const auto reach = static_cast<std::int64_t>(std::ceil(3 * error_mm_ / spacing[axis])) + 1;
      box.low[axis] = std::max<std::int64_t>(0, box.low[axis] - reach);
      box.high[axis] = std::min(size[axis], box.high[axis] + reach);
      extent_mm[axis] = spacing[axis] * static_cast<double>(box.size()[axis]);
    }
    Mask inside(box_geometry(contoured_.geometry(), box)), outside(inside.geometry(), 1);
    for (const VoxelRun& run : found.runs_of(lesion))
      for (std::int64_t n = run.first; n < run.first + run.length; ++n) {
        const Int3 at = Int3{n % size.i, n / size.i % size.j, n / (size.i * size.j)} - box.low;
        inside[at] = 1, outside[at] = 0;
      }
    const auto to_lesion = squared_distance_mm2(inside), to_rest = squared_distance_mm2(outside);
    const phantom::Octave octaves[] = {{12, 0.7}, {24, 0.7}};
    const phantom::NoiseField lumps(random.fork(1), {}, extent_mm, octaves);
    const double shift = random.normal(0, 0.7);
    for (std::size_t n = 0; n < inside.voxels().size(); ++n) {
      const auto in_box = static_cast<std::int64_t>(n);
      const Int3 from{in_box % inside.size().i, in_box / inside.size().i % inside.size().j,
                      in_box / (inside.size().i * inside.size().j)};
      std::uint8_t& label = contoured_[box.low + from];
      const bool own = inside.voxels()[n] != 0;
      if (label == kBackground || (label == kTumour && !own)) continue;
      const Vec3 at = to_vec(from);
      const double distance = own ? 0.5 * pixel_mm - std::sqrt(to_rest.voxels()[n])
                                  : std::sqrt(to_lesion.voxels()[n]) - 0.5 * pixel_mm;
      const double wave = lumps({at.x * spacing.x, at.y * spacing.y, at.z * spacing.z});
      const double error = error_mm_ * std::clamp(shift + 0.7 * wave, -2.5, 2.5);
      label = distance < error ? kTumour : kLiver;
    }
  }

 private:
  double error_mm_;
  LabelMap& contoured_;
};

void start_maps(const LabelMap& labels, double contour_error_mm, Random random, InsertedCase& result) {
  result.truth = result.contoured = labels;
  result.lesion_ids = Volume<std::uint8_t>(labels.geometry());
  for (std::uint8_t& value : result.truth.voxels())
    if (value > kCyst) value = kBackground;
  bool lesions = false;
  for (std::uint8_t& value : result.contoured.voxels()) {
    if (value == kCyst) value = kTumour;
    if (value > kCyst) value = kBackground;
    lesions |= value == kTumour;
  }
  if (contour_error_mm <= 0 || !lesions) return;
  const ComponentRuns found = find_components(result.contoured, kTumour);
  ContourNoise noise(contour_error_mm, result.contoured);
  for (std::size_t n = 0; n < found.components.size(); ++n)
    noise.disturb(found, found.components[n], random.fork(n));
}

LesionTruth truth_of(phantom::LesionKind kind, const phantom::InsertedSum& sum, const Geometry& geometry) {
  const auto count = static_cast<double>(sum.voxels);
  LesionTruth lesion;
  lesion.kind = phantom::lesion_kind_name(kind);
  const SliceFrame frame(geometry);
  lesion.centre_lps_mm = geometry.world_from_index(frame.index_from_place((1 / count) * sum.place_mm));
  lesion.diameter_mm = std::cbrt(6000 * count * geometry.voxel_volume_ml() / 3.14159265358979323846);
  lesion.true_mean_hu = sum.hu / count;
  lesion.touching = sum.touching;
  lesion.voxels = sum.voxels;
  return lesion;
}

}  // namespace

std::vector<std::string> InsertionOptions::problems() const {
  std::vector<std::string> faults;
  std::int64_t total = 0;
  const std::pair<const char*, int> counts[] = {{"cysts", cysts},         {"tumours", tumours},
                                                {"necrotic", necrotic},   {"hypodense", hypodense},
                                                {"calcified", calcified}, {"touching", touching}};
  for (const auto& [name, count] : counts) {
    if (count < 0) faults.push_back(fmt::format("the number of {} is {}; give 0 or more", name, count));
    total += count;
  }
  total += touching;
  if (total > kMostLesions)
    faults.push_back(fmt::format("{} lesions were asked for; give {} or fewer", total, kMostLesions));
  if (!(smallest_mm >= 3 && smallest_mm <= largest_mm && largest_mm <= 100))
    faults.push_back(fmt::format("diameters from {} to {} mm were asked for; give a range within 3 to 100 mm",
                                 smallest_mm, largest_mm));
  if (!(contour_error_mm >= 0 && contour_error_mm <= 5))
    faults.push_back(fmt::format("the contour's error is {} mm; give 0 to 5 mm", contour_error_mm));
  return faults;
}

void check_options(const InsertionOptions& options) {
  std::string faults;
  for (const std::string& problem : options.problems()) faults += (faults.empty() ? "" : "; ") + problem;
  if (!faults.empty()) throw Error(ErrorCode::kInvalidInput, faults);
}

InsertedCase insert_lesions(const CtVolume& ct, const LabelMap& labels, const InsertionOptions& options,
                            std::uint64_t seed) {
  check_options(options);
  check_grids(ct, labels);
  const Random random(seed);
  const SliceFrame frame(ct.geometry());
  const phantom::InsertionSite site(ct, labels, frame);
  InsertedCase result;
  const phantom::ScanLook look = measure_look(ct, labels, result.notes);
  const auto groups = phantom::place_lesions(site, options, random.fork(1), result.notes);
  result.ct = ct;
  start_maps(labels, options.contour_error_mm, random.fork(2), result);
  result.psf_sigma_mm = look.psf_sigma_mm, result.noise_sd_hu = look.noise.sd_hu;
  result.liver_hu = site.liver_hu();
  for (std::size_t n = 0; n < groups.size(); ++n) {
    const auto first_id = static_cast<std::uint8_t>(result.lesions.size() + 1);
    const auto sums = phantom::paint_group(groups[n], look, options.contour_error_mm, first_id,
                                           random.fork(100 + n), result);
    for (std::size_t m = 0; m < sums.size(); ++m) {
      const auto kind = groups[n].lesions[m].kind();
      if (sums[m].voxels > 0) {
        const auto painted = static_cast<std::uint8_t>(first_id + m);
        result.lesions.push_back(truth_of(kind, sums[m], ct.geometry()));
        const auto id = static_cast<std::uint8_t>(result.lesions.size());
        if (id != painted) {  // the one before it in its group owns no voxel and is not listed
          std::replace(result.lesion_ids.voxels().begin(), result.lesion_ids.voxels().end(), painted, id);
        }
      } else {
        result.notes.push_back(fmt::format("a {} is so small that no voxel's centre lies in it",
                                           phantom::lesion_kind_name(kind)));
      }
    }
  }
  return result;
}

}  // namespace hepar
