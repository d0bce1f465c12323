// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/lesion_filter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/box.h"
#include "hepar/imaging/distance.h"
#include "hepar/lesion/hu_check.h"
#include "hepar/lesion/judge.h"
#include "hepar/lesion/region_measure.h"
#include "hepar/lesion/touching.h"
#include "hepar/lesion/tumour_growth.h"
#include "hepar/numeric/statistics.h"

namespace hepar {
namespace {

// Whatever a site's thresholds: more probably a tumour than a cyst, or the other way round.
constexpr double kEvenOdds = 0.5;

// A judged region and its voxels.
struct JudgedRegion {
  LesionRegion region;
  std::vector<VoxelRun> runs;
};

// Judges the regions of one case.
class Judgement {
 public:
  Judgement(const CtVolume& ct, const LabelMap& labels, const LesionFilterResult& result)
      : ct_(ct), labels_(labels), liver_(result.liver), options_(result.options) {}

  std::vector<JudgedRegion> judge(const ComponentRuns& found, std::size_t n) const {
    const auto runs = found.runs_of(found.components[n]);
    JudgedRegion whole{{}, {runs.begin(), runs.end()}};
    measure(whole);
    LesionPatch patch =
        cut_patch(ct_, labels_, runs, whole.region.bounds,
                  {.margin_mm = kEvidenceMarginMm, .liver_by_hu = liver_.source != LiverSource::kLabel});
    measure_interior(patch, liver_, whole.region);
    if (options_.rule == LesionRule::kPaper) {
      judge_by_paper(whole.region, liver_, options_);
      return {whole};
    }
    return judge_by_parts(std::move(whole), patch);
  }

 private:
  void measure(JudgedRegion& judged) const {
    measure_place(ct_.geometry(), judged.runs, judged.region);
    measure_values(gather(ct_, judged.runs), judged.region);
  }

  // A region that may be a cyst is searched for any bright part; another one for a dark one, where there may
  // be one.
  RegionParts parts_of(const JudgedRegion& whole, const LesionPatch& patch) const {
    const RegionEvidence& evidence = whole.region.evidence;
    const bool weighed = evidence.interior_mean_hu && liver_.median_hu;
    if (!weighed || weigh_evidence(evidence, liver_).probability() >= kEvenOdds)
      return find_parts(patch, liver_, evidence.interior_mean_hu);
    return may_have_parts(evidence) ? find_parts(patch, liver_) : RegionParts{};
  }

  std::vector<JudgedRegion> judge_by_parts(JudgedRegion whole, LesionPatch& patch) const {
    const RegionParts parts = parts_of(whole, patch);
    // Without contrast medium a tumour's own dark side looks the same as a cyst.
    if (parts.split && !liver_.unenhanced) {
      JudgedRegion dark = judge_part(patch, parts.dark, 1);
      if (dark.region.verdict == Verdict::kCalledCyst) {
        JudgedRegion bright = judge_part(patch, parts.dark, 0);
        if (bright.region.verdict == Verdict::kCalledCyst)
          bar_cyst(bright.region, LesionFlag::kBrightPart, liver_);
        return {std::move(bright), std::move(dark)};
      }
    }
    if (parts.has_bright) whole.region.flags.push_back(LesionFlag::kBrightPart);
    judge_by_evidence(whole.region, liver_, options_, patch.spacing_mm.z);
    return {std::move(whole)};
  }

  // The part where `dark` has the given value.
  JudgedRegion judge_part(const LesionPatch& patch, const std::vector<std::uint8_t>& dark,
                          std::uint8_t value) const {
    LesionPatch part = patch;
    for (std::size_t n = 0; n < part.tissue.size(); ++n) {
      if (part.tissue[n] == Tissue::kOwn && dark[n] != value) part.tissue[n] = Tissue::kOtherLesion;
    }
    JudgedRegion judged{{}, runs_of_own(part, ct_.geometry())};
    measure(judged);
    measure_interior(part, liver_, judged.region);
    judged.region.is_part = true;
    judged.region.flags.push_back(LesionFlag::kTouching);
    judge_by_evidence(judged.region, liver_, options_, patch.spacing_mm.z);
    return judged;
  }

  const CtVolume& ct_;
  const LabelMap& labels_;
  const LiverReference& liver_;
  const LesionFilterOptions& options_;
};

// Whether a voxel centre of one lies within `reach_mm` of one of the other.
bool lie_within(const Geometry& geometry, const JudgedRegion& a, const JudgedRegion& b, double reach_mm) {
  const Box3 around_a = grown_box(a.region.bounds, geometry.spacing_mm, reach_mm);
  if (intersection(around_a, b.region.bounds).empty()) return false;
  const Box3 box = intersection(around_a, whole_box(geometry));
  Mask mask(box_geometry(geometry, box));
  const auto for_each_inside = [&](const JudgedRegion& judged, auto visit) {
    for (const VoxelRun& run : judged.runs) {
      const std::int64_t row = run.first / geometry.size.i;
      const std::int64_t i = run.first % geometry.size.i;
      Int3 at{0, row % geometry.size.j - box.low.j, row / geometry.size.j - box.low.k};
      for (at.i = i - box.low.i; at.i < i + run.length - box.low.i; ++at.i) {
        if (mask.contains(at)) visit(at);
      }
    }
  };
  for_each_inside(b, [&](Int3 at) { mask[at] = 1; });
  const Volume<double> squared = squared_distance_mm2(mask);
  bool near = false;
  for_each_inside(a, [&](Int3 at) { near = near || squared[at] <= reach_mm * reach_mm; });
  return near;
}

void bar_cysts_near_tumours(const Geometry& geometry, const LiverReference& liver,
                            std::vector<JudgedRegion>& judged) {
  for (JudgedRegion& region : judged) {
    if (region.region.verdict != Verdict::kCalledCyst) continue;
    const bool near = std::any_of(judged.begin(), judged.end(), [&](const JudgedRegion& other) {
      // A cyst may touch the tumour that it was split from.
      return other.region.component != region.region.component &&
             other.region.probability_cyst.value_or(1) < kEvenOdds &&
             lie_within(geometry, region, other, kNearTumourMm);
    });
    if (near) bar_cyst(region.region, LesionFlag::kNearTumour, liver);
  }
}

// Median of the regions' medians: what stands for the liver in the check of the CT's units when nothing else
// does.
std::optional<double> middle_of(const std::vector<JudgedRegion>& judged) {
  std::vector<double> medians;
  for (const JudgedRegion& one : judged) medians.push_back(one.region.percentiles_hu[2]);
  return median(medians);
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
  const bool paper = result.options.rule == LesionRule::kPaper;
  if (!paper && result.options.threshold_hu != LesionFilterOptions{}.threshold_hu) {
    notes.push_back(
        fmt::format("the threshold of {:g} HU belongs to the paper's rule (--rule paper) and decided nothing",
                    result.options.threshold_hu));
  }
  if (result.regions.empty()) notes.push_back("the map holds no tumour voxels; there was nothing to judge");
  if (liver.source != LiverSource::kLabel) {
    notes.push_back(fmt::format(
        "the map holds {} liver voxels (at least {} are needed){}", liver.voxels, kLeastLiverVoxels,
        liver.median_hu ? fmt::format("; soft tissue around the lesions ({:.0f} HU) stands in for the liver",
                                      *liver.median_hu)
                        : ", so contrast phase and noise can't be told"));
  }
  if (liver.unenhanced) {
    notes.push_back(fmt::format(
        "the liver measures {:.0f} HU, at most {:.0f}: an unenhanced or weakly enhanced scan{}",
        *liver.median_hu, kUnenhancedLiverHu,
        paper ? fmt::format(", to which the threshold of {:g} HU does not apply; look at every cyst",
                            result.options.threshold_hu)
              : std::string(
                    "; tumours differ less from cysts here, and a threshold of 45 HU would not apply")));
  }
  if (census.cyst_voxels > 0) {
    notes.push_back(fmt::format("{} voxels were cyst (label {}) already; they stay cyst and were not judged",
                                census.cyst_voxels, kCyst));
  }
  const auto odd =
      std::count_if(result.regions.begin(), result.regions.end(), [](const LesionRegion& region) {
        return region.has(LesionFlag::kImplausible) || region.has(LesionFlag::kPadding);
      });
  if (odd > 0) {
    notes.push_back(
        fmt::format("regions that hold air, padding or bone: {}; they may lie outside the body, or the map "
                    "belongs to another CT",
                    odd));
  }
  return notes;
}

// The regions that the opening took, one for each connected region that lost voxels.
std::vector<LesionRegion> opened_regions(const CtVolume& ct, const ComponentRuns& found, const Mask& opened,
                                         const LesionFilterResult& result) {
  std::map<int, JudgedRegion> by_component;
  for (const VoxelRun& run : found.runs) {
    for (std::int64_t n = run.first; n < run.first + run.length; ++n) {
      if (opened.voxels()[static_cast<std::size_t>(n)] != 0)
        by_component[run.component].runs.push_back({n, 1, 0});
    }
  }
  std::vector<LesionRegion> regions;
  for (auto& [component, lost] : by_component) {
    LesionRegion& region = lost.region;
    measure_place(ct.geometry(), lost.runs, region);
    measure_values(gather(ct, lost.runs), region);
    region.component = component + 1;
    region.verdict = Verdict::kOpened;
    region.reason =
        fmt::format("thinner than a ball of {:g} mm radius: taken from the tumour by the opening, now {}",
                    result.options.open_mm, result.liver.voxels > 0 ? "liver" : "background");
    regions.push_back(region);
  }
  return regions;
}

void apply_growth(const CtVolume& ct, LabelMap& labels, const ComponentRuns& found,
                  LesionFilterResult& result) {
  const LesionFilterOptions& options = result.options;
  if (options.close_mm <= 0 && options.open_mm <= 0 && options.expand_mm <= 0) return;
  const TumourGrowth growth = grow_tumour(labels, options, result.liver.voxels > 0);
  const double voxel_ml = ct.geometry().voxel_volume_ml();
  result.notes.push_back(
      fmt::format("closing by {:g} mm, opening by {:g} mm and expansion by {:g} mm added {:.2f} mL "
                  "to the tumour",
                  options.close_mm, options.open_mm, options.expand_mm,
                  static_cast<double>(growth.added_voxels) * voxel_ml));
  if (options.open_mm <= 0) return;
  double lost_ml = 0;
  for (LesionRegion& region : opened_regions(ct, found, growth.opened, result)) {
    lost_ml += region.volume_ml;
    region.id = static_cast<int>(result.regions.size()) + 1;
    result.regions.push_back(std::move(region));
  }
  if (lost_ml > 0) {
    result.notes.push_back(
        fmt::format("the opening took {:.2f} mL from the tumour; see the regions \"opened\"", lost_ml));
  }
}

}  // namespace

std::string_view rule_name(LesionRule rule) { return rule == LesionRule::kPaper ? "paper" : "evidence"; }

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
  check_radius("opening", open_mm);
  check_radius("expansion", expand_mm);
  if (!(thresholds.cyst_probability >= kLeastCystProbability && thresholds.tumour_probability >= 0 &&
        thresholds.tumour_probability <= thresholds.cyst_probability && thresholds.cyst_probability <= 1)) {
    found.push_back(
        fmt::format("the thresholds {} for tumour and {} for cyst are no probabilities in this order, the "
                    "second at least 0.5",
                    thresholds.tumour_probability, thresholds.cyst_probability));
  }
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
  const ComponentRuns found = find_components(labels, kTumour, options.connectivity);
  result.liver = measure_liver(ct, labels, census, found.components);
  const bool labelled = result.liver.source == LiverSource::kLabel;
  if (labelled) check_hounsfield_units(ct, result.liver.median_hu);
  std::vector<std::vector<JudgedRegion>> by_component(found.components.size());
  const Judgement judgement(ct, labels, result);
  parallel_for(static_cast<std::int64_t>(found.components.size()), [&](std::int64_t n) {
    const auto at = static_cast<std::size_t>(n);
    by_component[at] = judgement.judge(found, at);
    for (JudgedRegion& judged : by_component[at]) judged.region.component = static_cast<int>(n) + 1;
  });
  std::vector<JudgedRegion> judged;
  for (auto& parts : by_component) std::move(parts.begin(), parts.end(), std::back_inserter(judged));
  if (!labelled) check_hounsfield_units(ct, middle_of(judged));
  if (options.rule == LesionRule::kEvidence) bar_cysts_near_tumours(ct.geometry(), result.liver, judged);
  for (JudgedRegion& one : judged) {
    one.region.id = static_cast<int>(result.regions.size()) + 1;
    result.regions.push_back(one.region);
    if (one.region.verdict != Verdict::kCalledCyst) continue;
    for (const VoxelRun& run : one.runs) std::fill_n(labels.voxels().begin() + run.first, run.length, kCyst);
  }
  result.notes = notes_on(result, census);
  apply_growth(ct, labels, found, result);
  return result;
}

}  // namespace hepar
