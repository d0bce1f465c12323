// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/judge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace hepar {
namespace {

void add_flag(LesionRegion& region, bool condition, LesionFlag flag) {
  if (!condition || region.has(flag)) return;
  region.flags.insert(std::upper_bound(region.flags.begin(), region.flags.end(), flag), flag);
}

void add_common_flags(LesionRegion& region, const LiverReference& liver, double threshold_hu) {
  const GaussianFit& fit = region.fit;
  const double median_hu = region.percentiles_hu[2], top_hu = region.percentiles_hu.back();
  add_flag(region, !fit.converged, LesionFlag::kFitFailed);
  add_flag(region, !covers_region(fit, static_cast<std::size_t>(region.voxels)), LesionFlag::kPoorFit);
  add_flag(region, std::abs(fit.mean_hu - threshold_hu) < kNearThresholdHu, LesionFlag::kNearThreshold);
  add_flag(region, fit.std_hu > kWideHu, LesionFlag::kWide);
  add_flag(region, liver.unenhanced, LesionFlag::kUnenhancedLiver);
  add_flag(region, liver.source != LiverSource::kLabel, LesionFlag::kNoLiver);
  add_flag(region, region.voxels > 1 && region.lowest_hu == region.highest_hu, LesionFlag::kEqualValues);
  // The 99.5th percentile is the largest value itself: at least one voxel in 200 lies on it.
  add_flag(region, region.highest_hu >= 1000 && top_hu == region.highest_hu, LesionFlag::kClipped);
  add_flag(region, region.lowest_hu <= -1000, LesionFlag::kPadding);
  add_flag(region, median_hu < -200 || median_hu > 400, LesionFlag::kImplausible);
}

void add_evidence_flags(LesionRegion& region, const LiverReference& liver, double slice_mm) {
  const RegionEvidence& evidence = region.evidence;
  constexpr std::int64_t kFewVoxels = 3;
  add_flag(region, too_small(evidence, slice_mm), LesionFlag::kSmall);
  add_flag(region, shows_rim(evidence, liver), LesionFlag::kRim);
  add_flag(region, is_irregular(evidence), LesionFlag::kIrregular);
  add_flag(region, is_uneven(evidence), LesionFlag::kUneven);
  add_flag(region, evidence.dense_voxels >= kFewVoxels, LesionFlag::kDense);
  add_flag(region, evidence.gas_voxels >= kFewVoxels, LesionFlag::kGas);
}

// Why a region that looks like a cyst can't be called one.
std::string words_of(LesionFlag flag, const LesionRegion& region, const LiverReference& liver) {
  const RegionEvidence& evidence = region.evidence;
  switch (flag) {
    case LesionFlag::kSmall:
      return fmt::format("too small to tell ({:.0f} mm)", evidence.diameter_mm);
    case LesionFlag::kFitFailed:
      return "no curve could be fitted";
    case LesionFlag::kRim:
      return rim_words(evidence, liver);
    case LesionFlag::kRimUnseen:
      return fmt::format("in {:.0f} mm a thin rim may be there unseen", evidence.diameter_mm);
    case LesionFlag::kIrregular:
      return fmt::format("far from round ({:.2f}; a ball has 1)", evidence.roundness);
    case LesionFlag::kUneven:
      return fmt::format("uneven inside ({:.1f} times the noise)", evidence.unevenness.value_or(0));
    case LesionFlag::kHighCore:
      return fmt::format("its core may be too bright for a cyst (standard error {:.1f} HU)",
                         evidence.interior_error_hu);
    case LesionFlag::kBrightPart:
      return "a part of it is bright";
    case LesionFlag::kDense:
      return fmt::format("{} dense voxels (calcification, Lipiodol or metal)", evidence.dense_voxels);
    case LesionFlag::kGas:
      return fmt::format("{} voxels of gas or fat", evidence.gas_voxels);
    case LesionFlag::kNearTumour:
      return fmt::format("a tumour lies within {:g} mm", kNearTumourMm);
    case LesionFlag::kEqualValues:
      return "all its voxels hold the same HU, which no scanner measures";
    case LesionFlag::kClipped:
      return fmt::format("the CT is cut off at {:.0f} HU in it", region.highest_hu);
    case LesionFlag::kPadding:
      return fmt::format("it holds values of {:.0f} HU, air or padding", region.lowest_hu);
    case LesionFlag::kImplausible:
      return fmt::format("half of it is {} {:.0f} HU, which is no liver lesion",
                         region.percentiles_hu[2] < 0 ? "below" : "above", region.percentiles_hu[2]);
    default:
      return std::string(flag_name(flag));
  }
}

std::string core_words(const LesionRegion& region, const LiverReference& liver) {
  const RegionEvidence& evidence = region.evidence;
  if (!evidence.interior_mean_hu) return fmt::format("mean {:.0f} HU", region.fit.mean_hu);
  std::string words = fmt::format("core {:.0f} HU", *evidence.interior_mean_hu);
  if (liver.median_hu) {
    const double below = *liver.median_hu - *evidence.interior_mean_hu;
    words += fmt::format(", {:.0f} {} the liver", std::abs(below), below >= 0 ? "below" : "above");
  }
  return words;
}

std::string cyst_words(const LesionRegion& region, const LiverReference& liver) {
  const RegionEvidence& evidence = region.evidence;
  return fmt::format("core {:.0f} HU, homogeneous (S {:.0f}, liver noise {:.0f}), {}{}: cyst",
                     *evidence.interior_mean_hu, evidence.interior_std_hu.value_or(0), liver.noise_hu,
                     evidence.edge ? "no rim" : "rim not measurable",
                     region.has(LesionFlag::kTouching) ? ", at a tumour's side" : "");
}

std::vector<std::string> bars(const LesionRegion& region, const LiverReference& liver) {
  std::vector<std::string> words;
  for (const LesionFlag flag : region.flags) {
    if (bars_cyst(flag)) words.push_back(words_of(flag, region, liver));
  }
  return words;
}

}  // namespace

void judge_by_paper(LesionRegion& region, const LiverReference& liver, const LesionFilterOptions& options) {
  add_common_flags(region, liver, options.threshold_hu);
  const std::string figure =
      fmt::format("{} {:.2f} HU", region.fit.converged ? "fitted mean" : "median", region.fit.mean_hu);
  if (!(region.fit.mean_hu < options.threshold_hu)) {
    region.verdict = Verdict::kCalledTumour;
    region.reason = fmt::format("{} is not below {:g} HU: tumour", figure, options.threshold_hu);
  } else if (region.fit.converged) {
    region.verdict = Verdict::kCalledCyst;
    region.reason = fmt::format("{} is below {:g} HU: cyst", figure, options.threshold_hu);
  } else {
    region.verdict = Verdict::kDoubtful;
    region.reason = fmt::format("{} is below {:g} HU, but no curve could be fitted: doubtful, stays tumour",
                                figure, options.threshold_hu);
  }
}

void judge_by_evidence(LesionRegion& region, const LiverReference& liver, const LesionFilterOptions& options,
                       double slice_mm) {
  add_common_flags(region, liver, options.threshold_hu);
  add_evidence_flags(region, liver, slice_mm);
  if (!region.evidence.interior_mean_hu || !liver.median_hu) {
    region.verdict = Verdict::kDoubtful;
    region.reason = fmt::format("{}: there is no core or no liver to judge by: doubtful, stays tumour",
                                core_words(region, liver));
    return;
  }
  region.odds = weigh_evidence(region.evidence, liver);
  const double probability = region.odds.probability();
  region.probability_cyst = probability;
  const double core_hu = *region.evidence.interior_mean_hu, error_hu = region.evidence.interior_error_hu;
  const bool may_be_cyst = probability >= options.thresholds.tumour_probability;
  add_flag(region, may_be_cyst && core_hu + 2 * error_hu > core_ceiling_hu(liver), LesionFlag::kHighCore);
  add_flag(region, may_be_cyst && !region.is_part && rim_may_be_unseen(region.evidence, probability),
           LesionFlag::kRimUnseen);
  const std::vector<std::string> against = bars(region, liver);
  if (!may_be_cyst) {
    region.verdict = Verdict::kCalledTumour;
    region.reason = fmt::format("{} (probability of cyst {:.2f}){}{}: tumour", core_words(region, liver),
                                probability, against.empty() ? "" : "; ", fmt::join(against, ", "));
  } else if (probability >= options.thresholds.cyst_probability && against.empty()) {
    region.verdict = Verdict::kCalledCyst;
    region.reason = cyst_words(region, liver);
  } else {
    region.verdict = Verdict::kDoubtful;
    region.reason =
        fmt::format("{} (probability of cyst {:.2f}){}{}: doubtful, stays tumour", core_words(region, liver),
                    probability, against.empty() ? "" : "; ", fmt::join(against, ", "));
  }
}

void bar_cyst(LesionRegion& region, LesionFlag flag, const LiverReference& liver) {
  add_flag(region, true, flag);
  if (region.verdict != Verdict::kCalledCyst) return;
  region.verdict = Verdict::kDoubtful;
  region.reason += fmt::format(", but {}: doubtful, stays tumour", words_of(flag, region, liver));
}

}  // namespace hepar
