// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/lesion_filter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/morphology.h"

namespace hepar {
namespace {

std::vector<float> gather(const CtVolume& ct, std::span<const VoxelRun> runs, std::int64_t voxels) {
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(voxels));
  for (const VoxelRun& run : runs) {
    const float* const first = ct.voxels().data() + run.first;
    values.insert(values.end(), first, first + run.length);
  }
  if (!std::all_of(values.begin(), values.end(), [](float hu) { return std::isfinite(hu); })) {
    throw Error(
        ErrorCode::kInvalidInput,
        "the CT holds a value under the tumour that is not a finite number; convert the CT again from "
        "its source");
  }
  return values;
}

// A curve below the threshold over voxels whose own mean is not: it leaves out a brighter part, such as the
// rim of a necrotic tumour.
bool leaves_out_bright_part(const GaussianFit& fit, double threshold_hu) {
  return fit.mean_hu < threshold_hu && fit.plain_mean_hu >= threshold_hu;
}

std::vector<LesionFlag> flags_of(const LesionRegion& region, const LesionFilterResult& result) {
  const GaussianFit& fit = region.fit;
  std::vector<LesionFlag> flags;
  const auto flag_if = [&](bool condition, LesionFlag flag) {
    if (condition) flags.push_back(flag);
  };
  flag_if(region.voxels < kSmallVoxels, LesionFlag::kSmall);
  flag_if(!fit.converged || !covers_region(fit, static_cast<std::size_t>(region.voxels)) ||
              leaves_out_bright_part(fit, result.options.threshold_hu),
          LesionFlag::kFitFailed);
  flag_if(std::abs(fit.mean_hu - result.options.threshold_hu) < kNearThresholdHu, LesionFlag::kNearThreshold);
  flag_if(fit.std_hu > kWideHu, LesionFlag::kWide);
  flag_if(result.liver.unenhanced, LesionFlag::kUnenhancedLiver);
  return flags;
}

// Why a region can't be judged by its mean, one clause for each reason.
std::vector<std::string> doubts(const LesionRegion& region, const LiverReference& liver) {
  std::vector<std::string> clauses;
  for (const LesionFlag flag : region.flags) {
    if (flag == LesionFlag::kSmall) {
      clauses.push_back(fmt::format(
          "{} too few to rely on (fewer than {})",
          region.voxels == 1 ? "1 voxel is" : fmt::format("{} voxels are", region.voxels), kSmallVoxels));
    } else if (flag == LesionFlag::kFitFailed && region.fit.converged) {
      clauses.push_back(fmt::format(
          "the fitted curve stands for {:.0f} % of the voxels, whose plain mean is {:.0f} HU",
          100 * region.fit.amplitude / static_cast<double>(region.voxels), region.fit.plain_mean_hu));
    } else if (flag == LesionFlag::kFitFailed) {
      clauses.push_back("no curve could be fitted");
    } else if (flag == LesionFlag::kUnenhancedLiver) {
      clauses.push_back(
          fmt::format("the liver's own {:.0f} HU (at most {:.0f}) show an unenhanced or weakly "
                      "enhanced scan, to which the threshold does not apply",
                      *liver.median_hu, kUnenhancedLiverHu));
    }
  }
  return clauses;
}

void judge(LesionRegion& region, const LesionFilterResult& result) {
  const double threshold_hu = result.options.threshold_hu;
  const std::string figure =
      fmt::format("{} {:.2f} HU", region.fit.converged ? "fitted mean" : "median", region.fit.mean_hu);
  const std::vector<std::string> clauses = doubts(region, result.liver);
  if (!(region.fit.mean_hu < threshold_hu)) {
    region.verdict = Verdict::kCalledTumour;
    region.reason = fmt::format("{} is not below {:g} HU", figure, threshold_hu);
  } else if (clauses.empty()) {
    region.verdict = Verdict::kCalledCyst;
    region.reason = fmt::format("{} is below {:g} HU", figure, threshold_hu);
  } else {
    region.verdict = Verdict::kDoubtful;
    region.reason = fmt::format("{} is below {:g} HU, but {}; it stays tumour", figure, threshold_hu,
                                fmt::join(clauses, ", and "));
  }
}

LesionRegion measure(const CtVolume& ct, const ComponentRuns& found, std::size_t n) {
  const Component& component = found.components[n];
  LesionRegion region;
  region.id = static_cast<int>(n) + 1;
  region.voxels = component.voxels;
  region.volume_ml = static_cast<double>(component.voxels) * ct.geometry().voxel_volume_ml();
  region.centroid_lps_mm = ct.geometry().world_from_index(component.centroid_index);
  region.bounds = component.bounds;
  region.fit = fit_gaussian(gather(ct, found.runs_of(component), component.voxels));
  return region;
}

void check_input(const CtVolume& ct, const LabelMap& labels, const LesionFilterOptions& options) {
  const std::vector<std::string> problems = options.problems();
  if (!problems.empty()) {
    throw Error(ErrorCode::kInvalidInput, fmt::format("{}", fmt::join(problems, "; ")));
  }
  if (const auto difference = grid_difference(ct.geometry(), labels.geometry())) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("the label map is not on the CT's grid: {}; give the map that was drawn on this CT, or "
                    "resample it to the CT's grid",
                    *difference));
  }
}

std::vector<std::string> notes_on(const LesionFilterResult& result, const LabelCensus& census) {
  std::vector<std::string> notes;
  const LiverReference& liver = result.liver;
  const double threshold_hu = result.options.threshold_hu;
  if (result.regions.empty()) notes.push_back("the map holds no tumour voxels; there was nothing to judge");
  if (!liver.median_hu) {
    notes.push_back(
        fmt::format("the map holds {} liver voxels (at least {} are needed), so the contrast phase can't "
                    "be told; the {:g} HU rule is applied as it stands",
                    liver.voxels, kLeastLiverVoxels, threshold_hu));
  } else if (liver.unenhanced) {
    notes.push_back(
        fmt::format("the liver measures {:.0f} HU, at most {:.0f}: an unenhanced or weakly enhanced scan; no "
                    "region is called cyst by its mean alone",
                    *liver.median_hu, kUnenhancedLiverHu));
  }
  if (census.cyst_voxels > 0) {
    notes.push_back(fmt::format("{} voxels were cyst (label {}) already; they stay cyst and were not judged",
                                census.cyst_voxels, kCyst));
  }
  return notes;
}

// Closes and expands the tumour where there is background or liver; returns the voxels added.
std::int64_t grow_tumour(LabelMap& labels, const LesionFilterOptions& options) {
  Mask tumour(labels.geometry());
  std::transform(labels.voxels().begin(), labels.voxels().end(), tumour.voxels().begin(),
                 [](std::uint8_t label) { return static_cast<std::uint8_t>(label == kTumour); });
  if (options.close_mm > 0) tumour = closing(tumour, options.close_mm);
  if (options.expand_mm > 0) tumour = dilate(tumour, options.expand_mm);
  std::int64_t added = 0;
  for (std::size_t n = 0; n < labels.voxels().size(); ++n) {
    std::uint8_t& label = labels.voxels()[n];
    if (tumour.voxels()[n] == 0 || label == kTumour || label == kCyst) continue;
    label = kTumour;
    ++added;
  }
  return added;
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  constexpr std::string_view kNames[] = {"tumour", "cyst", "doubtful"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::string_view flag_name(LesionFlag flag) {
  constexpr std::string_view kNames[] = {"small", "fit_failed", "near_threshold", "wide", "unenhanced_liver"};
  return kNames[static_cast<std::size_t>(flag)];
}

std::vector<std::string> LesionFilterOptions::problems() const {
  constexpr double kLargestRadiusMm = 50;
  std::vector<std::string> found;
  if (!std::isfinite(threshold_hu))
    found.push_back("the HU threshold is not a finite number; the paper uses 45");
  const auto check_radius = [&](const char* name, double radius_mm) {
    if (!(radius_mm >= 0 && radius_mm <= kLargestRadiusMm)) {
      found.push_back(
          fmt::format("the {} radius is {} mm; give 0 to {} mm", name, radius_mm, kLargestRadiusMm));
    }
  };
  check_radius("closing", close_mm);
  check_radius("expansion", expand_mm);
  return found;
}

LesionFilterResult filter_lesions(const CtVolume& ct, LabelMap& labels, const LesionFilterOptions& options) {
  check_input(ct, labels, options);
  const LabelCensus census = take_census(labels);
  if (census.largest > kCyst) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format(
            "the label map holds the value {}; the filter takes 0 background, 1 liver, 2 tumour, 3 cyst",
            census.largest));
  }
  LesionFilterResult result;
  result.options = options;
  result.liver = measure_liver(ct, labels, census);
  const ComponentRuns found = find_components(labels, kTumour, options.connectivity);
  result.regions.resize(found.components.size());
  parallel_for(static_cast<std::int64_t>(found.components.size()), [&](std::int64_t n) {
    LesionRegion& region = result.regions[static_cast<std::size_t>(n)];
    region = measure(ct, found, static_cast<std::size_t>(n));
    region.flags = flags_of(region, result);
    judge(region, result);
  });
  result.notes = notes_on(result, census);
  for (const VoxelRun& run : found.runs) {
    if (result.regions[static_cast<std::size_t>(run.component)].verdict == Verdict::kCalledCyst) {
      std::fill_n(labels.voxels().begin() + run.first, run.length, kCyst);
    }
  }
  if (options.close_mm > 0 || options.expand_mm > 0) {
    const std::int64_t added = grow_tumour(labels, options);
    result.notes.push_back(
        fmt::format("closing by {:g} mm and expansion by {:g} mm added {} voxels ({:.2f} ml) to the "
                    "tumour",
                    options.close_mm, options.expand_mm, added,
                    static_cast<double>(added) * ct.geometry().voxel_volume_ml()));
  }
  return result;
}

}  // namespace hepar
