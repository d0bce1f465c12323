// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/touching.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "hepar/imaging/connected_components.h"
#include "hepar/imaging/distance.h"
#include "hepar/imaging/morphology.h"
#include "hepar/numeric/histogram.h"

namespace hepar {
namespace {

constexpr double kSmoothMm = 1.5;
constexpr double kDarkestCutHu = 40;  // a darker group above it is no cyst: there is nothing to split off
constexpr double kLeastStepHu = 18;   // less is the unevenness of tumours (texture SD 3 - 8 HU)
constexpr double kMarginMm = 1.5;
constexpr double kSmallestPartMm = 7;  // diameter of the ball of the same volume

double ball_diameter_mm(double voxels, Vec3 spacing_mm) {
  return std::cbrt(6 * voxels * spacing_mm.x * spacing_mm.y * spacing_mm.z / std::numbers::pi);
}

// One pass of a Gaussian along an axis, over `value` and `weight` together.
void smooth_axis(const LesionPatch& patch, int axis, std::vector<float>& value, std::vector<float>& weight) {
  const double step_mm = patch.spacing_mm[axis];
  const auto reach = static_cast<std::int64_t>(2.5 * kSmoothMm / step_mm);
  if (reach == 0) return;
  std::vector<float> kernel;
  for (std::int64_t n = 0; n <= reach; ++n) {
    const double z = static_cast<double>(n) * step_mm / kSmoothMm;
    kernel.push_back(static_cast<float>(std::exp(-0.5 * z * z)));
  }
  const std::int64_t stride = axis == 0 ? 1 : axis == 1 ? patch.size.i : patch.size.i * patch.size.j;
  const std::int64_t length = patch.size[axis], count = patch.size.count();
  for (std::vector<float>* field : {&value, &weight}) {
    std::vector<float> sum(field->size());
    for (std::int64_t n = -reach; n <= reach; ++n) {
      const float share = kernel[static_cast<std::size_t>(std::abs(n))];
      if (axis == 0) {
        for (std::int64_t row = 0; row < count; row += length) {
          const float* const from = field->data() + row;
          float* const to = sum.data() + row;
          const std::int64_t end = std::min(length, length - n);
          for (std::int64_t i = std::max<std::int64_t>(0, -n); i < end; ++i) to[i] += share * from[i + n];
        }
      } else {
        const std::int64_t block = stride * length, shift = n * stride;
        for (std::int64_t start = 0; start < count; start += block) {
          const float* const from = field->data() + start;
          float* const to = sum.data() + start;
          const std::int64_t end = std::min(block, block - shift);
          for (std::int64_t i = std::max<std::int64_t>(0, -shift); i < end; ++i)
            to[i] += share * from[i + shift];
        }
      }
    }
    field->swap(sum);
  }
}

// The region's HU smoothed within itself; elsewhere undefined.
std::vector<float> smooth_within(const LesionPatch& patch) {
  std::vector<float> value(patch.hu.size(), 0.0F), weight(patch.hu.size(), 0.0F);
  for (std::size_t n = 0; n < value.size(); ++n) {
    if (patch.tissue[n] == Tissue::kOwn) value[n] = patch.hu[n], weight[n] = 1;
  }
  for (int axis = 0; axis < 3; ++axis) smooth_axis(patch, axis, value, weight);
  for (std::size_t n = 0; n < value.size(); ++n) {
    if (patch.tissue[n] == Tissue::kOwn) value[n] /= weight[n];
  }
  return value;
}

struct Groups {
  double dark_hu = 0, bright_hu = 0;
  double middle_hu() const { return 0.5 * (dark_hu + bright_hu); }
};

// The cut that makes the variance between the groups largest.
Groups otsu(const LesionPatch& patch, const std::vector<float>& smooth) {
  UnitHistogram histogram(-200, 400);
  for (std::size_t n = 0; n < smooth.size(); ++n) {
    if (patch.tissue[n] == Tissue::kOwn) histogram.add({&smooth[n], 1});
  }
  double total = 0, sum = 0;
  double hu = histogram.first();
  for (const std::int64_t count : histogram.counts()) {
    total += static_cast<double>(count), sum += hu * static_cast<double>(count);
    ++hu;
  }
  Groups best;
  double best_between = -1, below = 0, below_sum = 0;
  hu = histogram.first();
  for (const std::int64_t count : histogram.counts()) {
    below += static_cast<double>(count), below_sum += hu * static_cast<double>(count);
    ++hu;
    const double above = total - below;
    if (below == 0 || above <= 0) continue;
    const double dark = below_sum / below, bright = (sum - below_sum) / above;
    const double between = below * above * (bright - dark) * (bright - dark);
    if (between > best_between) best_between = between, best = {dark, bright};
  }
  return best;
}

double smoothed_noise_hu(const LesionPatch& patch, const LiverReference& liver) {
  const Vec3 s = patch.spacing_mm;
  const double in_plane = std::max(1.0, 4 * std::numbers::pi * kSmoothMm * kSmoothMm / (s.x * s.y));
  const double along = std::max(1.0, 2 * std::sqrt(std::numbers::pi) * kSmoothMm / s.z);
  const double samples = in_plane * along / std::max(1.0, liver.correlated_voxels);
  return liver.noise_hu / std::sqrt(std::max(1.0, samples));
}

Geometry patch_geometry(const LesionPatch& patch) {
  Geometry geometry;
  geometry.size = patch.size;
  geometry.spacing_mm = patch.spacing_mm;
  return geometry;
}

// The region's voxels above the cut with the region above and below them too, opened.
Mask bright_core(const LesionPatch& patch, const std::vector<float>& smooth, double cut_hu) {
  Mask bright(patch_geometry(patch));
  const std::int64_t area = patch.size.i * patch.size.j, count = patch.size.count();
  const auto own = [&](std::int64_t n) {
    return n >= 0 && n < count && patch.tissue[static_cast<std::size_t>(n)] == Tissue::kOwn;
  };
  // A region of three slices or more: its end slices hold a share of what lies beyond.
  const auto first_own =
      std::find(patch.tissue.begin(), patch.tissue.end(), Tissue::kOwn) - patch.tissue.begin();
  const auto after_own =
      patch.tissue.rend() - std::find(patch.tissue.rbegin(), patch.tissue.rend(), Tissue::kOwn);
  const bool ends_aside = (after_own - 1) / area - first_own / area >= 2;
  for (std::int64_t n = 0; n < count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    const bool within = own(n) && (!ends_aside || (own(n - area) && own(n + area)));
    bright.voxels()[at] = within && smooth[at] >= cut_hu;
  }
  // On a coarse grid a ball must still reach beyond one voxel, or a shell one voxel thin would pass.
  Mask core =
      opening(bright, std::max({kThinnestPartMm / 2, 1.01 * patch.spacing_mm.x, 1.01 * patch.spacing_mm.y}));
  // The region's first and last slices, which were left out, over and under the core.
  const Mask opened = core;
  const auto in_core = [&](std::int64_t n) {
    return n >= 0 && n < count && opened.voxels()[static_cast<std::size_t>(n)] != 0;
  };
  for (std::int64_t n = 0; n < count; ++n) {
    const auto at = static_cast<std::size_t>(n);
    if (own(n) && smooth[at] >= cut_hu && (in_core(n - area) || in_core(n + area))) core.voxels()[at] = 1;
  }
  return core;
}

// Gives each voxel of the region to the dark (1) or the bright (2) part.
Mask assign_parts(const LesionPatch& patch, const std::vector<float>& smooth, double cut_hu,
                  const Mask& core) {
  Mask dark(core.geometry());
  for (std::size_t n = 0; n < smooth.size(); ++n) {
    dark.voxels()[n] = patch.tissue[n] == Tissue::kOwn && smooth[n] < cut_hu && core.voxels()[n] == 0;
  }
  const Volume<double> to_core = squared_distance_mm2(core), to_dark = squared_distance_mm2(dark);
  Mask parts(core.geometry());
  for (std::size_t n = 0; n < smooth.size(); ++n) {
    if (patch.tissue[n] != Tissue::kOwn) continue;
    parts.voxels()[n] = to_dark.voxels()[n] <= to_core.voxels()[n] ? 1 : 2;
  }
  return parts;
}

// Where two tissues meet, the border is uncertain by about a pixel or a slice: that much of the dark part
// goes to the bright one, as tumour must not be lost.
void widen_bright(const LesionPatch& patch, Mask& parts) {
  Mask bright(parts.geometry());
  std::transform(parts.voxels().begin(), parts.voxels().end(), bright.voxels().begin(),
                 [](std::uint8_t part) { return static_cast<std::uint8_t>(part == 2); });
  const Volume<double> squared = squared_distance_mm2(bright);
  const double margin_mm = 1.01 * std::max({kMarginMm, patch.spacing_mm.x, patch.spacing_mm.y});
  const std::int64_t area = patch.size.i * patch.size.j, count = patch.size.count();
  const auto is_bright = [&](std::int64_t n) {
    return n >= 0 && n < count && bright.voxels()[static_cast<std::size_t>(n)] != 0;
  };
  for (std::int64_t n = 0; n < count; ++n) {
    std::uint8_t& part = parts.voxels()[static_cast<std::size_t>(n)];
    const bool near = squared.voxels()[static_cast<std::size_t>(n)] <= margin_mm * margin_mm;
    if (part == 1 && (near || is_bright(n - area) || is_bright(n + area))) part = 2;
  }
}

// Keeps the largest dark component dark; the others go to the bright part.
double keep_largest_dark(Mask& parts) {
  const ComponentRuns found = find_components(parts, 1, Connectivity::kFaces6);
  std::int64_t largest = 0;
  for (const Component& part : found.components) largest = std::max(largest, part.voxels);
  bool kept = false;
  for (const Component& part : found.components) {
    if (part.voxels == largest && !kept) {
      kept = true;
      continue;
    }
    for (const VoxelRun& run : found.runs_of(part))
      std::fill_n(parts.voxels().begin() + run.first, run.length, 2);
  }
  return static_cast<double>(largest);
}

// Share of the dark part's surface, by area, that borders on the bright part.
double wrapped_share(const LesionPatch& patch, const Mask& parts) {
  const Vec3 s = patch.spacing_mm;
  const double face_mm2[3] = {s.y * s.z, s.x * s.z, s.x * s.y};
  double with_bright = 0, total = 0;
  for (Int3 at; at.k < patch.size.k; ++at.k)
    for (at.j = 0; at.j < patch.size.j; ++at.j)
      for (at.i = 0; at.i < patch.size.i; ++at.i) {
        if (parts[at] != 1) continue;
        for (int side = 0; side < 6; ++side) {
          Int3 next = at;
          next[side / 2] += side % 2 == 0 ? 1 : -1;
          const std::uint8_t other = parts.contains(next) ? parts[next] : std::uint8_t{0};
          if (other == 1) continue;
          total += face_mm2[side / 2];
          if (other == 2) with_bright += face_mm2[side / 2];
        }
      }
  return total > 0 ? with_bright / total : 0;
}

}  // namespace

bool may_have_parts(const RegionEvidence& evidence) {
  if (!evidence.darkest_block_hu) return true;
  return *evidence.darkest_block_hu < kDarkestCutHu + 10 &&
         *evidence.brightest_block_hu - *evidence.darkest_block_hu > 0.75 * kLeastStepHu;
}

RegionParts find_parts(const LesionPatch& patch, const LiverReference& liver, std::optional<double> core_hu) {
  RegionParts result;
  const std::vector<float> smooth = smooth_within(patch);
  const double least_step_hu = std::max(kLeastStepHu, 3 * smoothed_noise_hu(patch, liver));
  double cut_hu = core_hu.value_or(0) + least_step_hu;
  if (!core_hu) {
    const Groups groups = otsu(patch, smooth);
    if (groups.dark_hu > kDarkestCutHu || groups.bright_hu - groups.dark_hu < least_step_hu) return result;
    cut_hu = groups.middle_hu();
  }
  const Mask core = bright_core(patch, smooth, cut_hu);
  const auto bright_voxels = std::count(core.voxels().begin(), core.voxels().end(), 1);
  if (bright_voxels == 0) return result;
  result.has_bright = true;
  Mask parts = assign_parts(patch, smooth, cut_hu, core);
  widen_bright(patch, parts);
  const double dark_voxels = keep_largest_dark(parts);
  result.wrapped = wrapped_share(patch, parts);
  const auto bright_all = std::count(parts.voxels().begin(), parts.voxels().end(), 2);
  result.split = result.wrapped <= 0.5 &&
                 ball_diameter_mm(dark_voxels, patch.spacing_mm) >= kSmallestPartMm &&
                 ball_diameter_mm(static_cast<double>(bright_all), patch.spacing_mm) >= kThinnestPartMm;
  if (result.split) {
    result.dark.resize(patch.hu.size());
    std::transform(parts.voxels().begin(), parts.voxels().end(), result.dark.begin(),
                   [](std::uint8_t part) { return static_cast<std::uint8_t>(part == 1); });
  }
  return result;
}

}  // namespace hepar
