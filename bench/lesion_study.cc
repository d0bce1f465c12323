// SPDX-License-Identifier: Apache-2.0
// Runs both rules of the lesion filter on cohorts with exact truth and writes one CSV row per lesion and
// rule; scripts/lesion-study makes the table of docs/lesions.md from it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/random.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/imaging/box.h"
#include "hepar/io/image_io.h"
#include "hepar/lesion/lesion_filter.h"
#include "hepar/metrics/region_metrics.h"
#include "hepar/phantom/insertion.h"
#include "hepar/phantom/phantom.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

// A scan with its liver, into which lesions are put.
struct Host {
  std::string name;
  CtVolume ct;
  LabelMap labels;
};

// A cohort is a list of host makers, so that one host is in memory at a time.
struct Study {
  fs::path data;  // folder of the unpacked real CTs; empty: phantoms only
  std::string cohort = "tune";
  std::uint64_t seed = 1;
  int cases_per_host = 20;
  fs::path output;
};

Box3 slices_around_liver(const LabelMap& labels) {
  LabelMap any = labels;
  for (std::uint8_t& value : any.voxels()) value = value != 0;
  Box3 box = bounding_box(any).value();
  box.low.i = box.low.j = 0, box.high.i = labels.size().i, box.high.j = labels.size().j;
  box.low.k = std::max<std::int64_t>(0, box.low.k - 3);
  box.high.k = std::min(labels.size().k, box.high.k + 3);
  return box;
}

// Means of `slices` neighbouring slices, as a scan of that thickness; the middle one's labels.
Host thickened(const Host& host, std::int64_t slices) {
  Geometry geometry = host.ct.geometry();
  geometry.size.k /= slices;
  const double first = 0.5 * static_cast<double>(slices - 1);
  geometry.origin_mm = host.ct.geometry().world_from_index({0, 0, first});
  geometry.spacing_mm.z *= static_cast<double>(slices);
  Host thick{fmt::format("{}x{}", host.name, slices), CtVolume(geometry), LabelMap(geometry)};
  const std::int64_t area = geometry.size.i * geometry.size.j;
  for (std::int64_t n = 0; n < geometry.size.count(); ++n) {
    const std::int64_t source = n / area * slices * area + n % area;
    float sum = 0;
    for (std::int64_t s = 0; s < slices; ++s)
      sum += host.ct.voxels()[static_cast<std::size_t>(source + s * area)];
    thick.ct.voxels()[static_cast<std::size_t>(n)] = sum / static_cast<float>(slices);
    thick.labels.voxels()[static_cast<std::size_t>(n)] =
        host.labels.voxels()[static_cast<std::size_t>(source + slices / 2 * area)];
  }
  return thick;
}

Host ircadb_host(const Study& study, const std::string& name) {
  const fs::path folder = study.data / "ircadb01" / name;
  const LabelMap labels = read_labels(folder / "derived_label_liver1_tumour2_cyst3.nii.gz").voxels;
  const Box3 box = slices_around_liver(labels);
  return {name, crop(read_ct_series(folder / "PATIENT_DICOM").voxels, box), crop(labels, box)};
}

Host totalseg_host(const Study& study) {
  const fs::path folder = study.data / "totalseg_example";
  return {"totalseg_example", read_ct(folder / "example_ct.nii.gz").voxels,
          read_labels(folder / "example_seg_fast_liver_209e2bc.nii.gz").voxels};  // 1 is liver
}

// Phantoms of the cohort: phase, slice thickness and noise go round so that all of them meet.
Host phantom_host(const Study& study, int index) {
  constexpr auto kPortal = ContrastPhase::kPortalVenous, kArterial = ContrastPhase::kLateArterial;
  constexpr ContrastPhase kPhases[] = {
      kPortal, kArterial, kPortal, ContrastPhase::kUnenhanced, kPortal, kPortal, kArterial, kPortal, kPortal};
  constexpr double kThicknesses[] = {1, 2.5, 5, 1.5, 3, 4};
  constexpr double kNoises[] = {8, 14, 20, 12, 28, 18, 40};
  PhantomOptions options;
  options.size = PhantomSize::kFull;
  options.lesions = false;
  options.phase = kPhases[index % 9];
  options.slice_thickness_mm = kThicknesses[index % 6];
  options.noise_sd_hu = kNoises[index % 7];
  Phantom phantom = make_phantom(options, study.seed, index);
  const Box3 box = slices_around_liver(phantom.labels);
  return {fmt::format("phantom_{}_{}_{}mm_{}HU", index, phase_name(*options.phase),
                      *options.slice_thickness_mm, *options.noise_sd_hu),
          crop(phantom.ct, box), crop(phantom.labels, box)};
}

// The mix of lesions of one case: of 100 tumours about 16 necrotic or hypodense, 5 calcified, 10 touching.
InsertionOptions draw_mix(Random random, bool exact_contours) {
  InsertionOptions mix;
  mix.cysts = static_cast<int>(random.integer(2, 4));
  mix.tumours = static_cast<int>(random.integer(2, 5));
  mix.necrotic = random.chance(0.5) ? 1 : 0;
  mix.hypodense = random.chance(0.35) ? 1 : 0;
  mix.calcified = random.chance(0.3) ? 1 : 0;
  mix.touching = random.chance(0.5) ? 1 : 0;
  mix.contour_error_mm = exact_contours ? 0 : 0.8;
  return mix;
}

struct LesionTally {
  std::int64_t voxels = 0, contoured = 0, kept = 0, cyst = 0;
};

// A phantom's own lesions as a case of the study: the connected parts of its truth.
InsertedCase phantom_case(const Study& study, int index) {
  Phantom phantom =
      make_phantom({.cysts = CystContent::kSome, .necrotic_probability = 0.3}, study.seed, index);
  InsertedCase result;
  result.contoured = phantom.labels;
  for (std::uint8_t& label : result.contoured.voxels()) label = label == kCyst ? kTumour : label;
  result.lesion_ids = Volume<std::uint8_t>(phantom.labels.geometry());
  for (const std::uint8_t label : {kTumour, kCyst}) {
    const ComponentRuns found = find_components(phantom.labels, label);
    for (const Component& component : found.components) {
      const Vec3 centre_mm = phantom.ct.geometry().world_from_index(component.centroid_index);
      const LesionTruth* nearest = nullptr;
      for (const LesionTruth& lesion : phantom.lesions) {
        if ((lesion.kind == "cyst") != (label == kCyst)) continue;
        if (nearest == nullptr ||
            (lesion.centre_lps_mm - centre_mm).norm() < (nearest->centre_lps_mm - centre_mm).norm()) {
          nearest = &lesion;
        }
      }
      result.lesions.push_back(*nearest);
      for (const VoxelRun& run : found.runs_of(component)) {
        std::fill_n(result.lesion_ids.voxels().begin() + run.first, run.length,
                    static_cast<std::uint8_t>(result.lesions.size()));
      }
    }
  }
  result.ct = std::move(phantom.ct);
  result.truth = std::move(phantom.labels);
  result.noise_sd_hu = phantom.acquisition.noise_sd_hu;
  return result;
}

// Which judged region holds most of a lesion's contoured voxels.
const LesionRegion* region_of(const LesionFilterResult& result,
                              const std::vector<std::int64_t>& by_component) {
  std::size_t best = 0;
  for (std::size_t n = 0; n < by_component.size(); ++n) {
    if (by_component[n] > by_component[best]) best = n;
  }
  if (by_component.empty() || by_component[best] == 0) return nullptr;
  for (const LesionRegion& region : result.regions) {
    if (region.component == static_cast<int>(best) + 1) return &region;
  }
  return nullptr;
}

std::string number(std::optional<double> value) { return value ? fmt::format("{:.4g}", *value) : ""; }

constexpr const char* kHeader =
    "cohort,host,case,rule,lesion,kind,touching,diameter_mm,true_hu,slice_mm,noise_hu,liver_hu,unenhanced,"
    "exact,voxels,contoured,kept,cyst,voxel_ml,parts,verdict,fit_hu,fit_sd,core_hu,core_sd,core_error,core_n,"
    "edge_core,"
    "edge_outside,edge_offset,edge_width,pixel,edge_error,rim,uneven,round,dense,gas,region_mm,p,flags,psf,"
    "corr,pair_dsc\n";
constexpr const char* kCaseHeader =
    "cohort,host,case,rule,exact,unenhanced,dsc_before,dsc_after,hd95_before,hd95_after\n";

class StudyRun {
 public:
  explicit StudyRun(const Study& study) : study_(study) {}

  void run_phantom(int index) {
    run_case({fmt::format("small_phantom_{}", index), {}, {}}, 0, phantom_case(study_, index), true);
  }

  void run_host(const Host& host) {
    for (int n = 0; n < study_.cases_per_host; ++n) {
      const Random random =
          Random(study_.seed).fork(static_cast<std::uint64_t>(hosts_)).fork(static_cast<std::uint64_t>(n));
      const bool exact = n % 2 == 0;
      run_case(host, n,
               insert_lesions(host.ct, host.labels, draw_mix(random.fork(1), exact), Random(random).next()),
               exact);
    }
    ++hosts_;
    std::fprintf(stderr, "%s: %d cases\n", host.name.c_str(), study_.cases_per_host);
  }
  void write() const {
    write_text_file(study_.output.string() + "_lesions.csv", rows_);
    write_text_file(study_.output.string() + "_cases.csv", case_rows_);
  }

 private:
  void run_case(const Host& host, int n, const InsertedCase& inserted, bool exact) {
    constexpr std::uint8_t kTumourLabel[] = {kTumour};
    const Box3 box =
        bounding_box(inserted.contoured).value();  // nothing lies outside: metrics cost by the voxel
    const LabelMap truth = crop(inserted.truth, box);
    const RegionMetrics before = evaluate_region(crop(inserted.contoured, box), truth, kTumourLabel);
    const ComponentRuns found = find_components(inserted.contoured, kTumour);
    const auto components = paint_components(found, inserted.contoured.geometry());
    for (const LesionRule rule : {LesionRule::kPaper, LesionRule::kEvidence}) {
      LabelMap labels = inserted.contoured;
      LesionFilterOptions options;
      options.rule = rule;
      const LesionFilterResult result = filter_lesions(inserted.ct, labels, options);
      const RegionMetrics after = evaluate_region(crop(labels, box), truth, kTumourLabel);
      case_rows_ +=
          fmt::format("{},{},{},{},{},{},{},{},{},{}\n", study_.cohort, host.name, n, rule_name(rule),
                      exact ? 1 : 0, result.liver.unenhanced ? 1 : 0, number(before.dsc), number(after.dsc),
                      number(before.hd95_mm), number(after.hd95_mm));
      add_lesions(host, n, inserted, components, labels, result, exact);
    }
  }

  void add_lesions(const Host& host, int n, const InsertedCase& inserted,
                   const Volume<std::int32_t>& components, const LabelMap& labels,
                   const LesionFilterResult& result, bool exact) {
    std::int32_t component_count = 0;
    for (const LesionRegion& region : result.regions)
      component_count = std::max(component_count, region.component);
    const std::size_t lesions = inserted.lesions.size();
    std::vector<LesionTally> tally(lesions);
    std::vector<std::vector<std::int64_t>> by_component(
        lesions, std::vector<std::int64_t>(static_cast<std::size_t>(component_count), 0));
    // Voxels that end as tumour, by component: what a touching tumour is compared with.
    std::vector<std::int64_t> tumour_of(static_cast<std::size_t>(component_count), 0);
    for (std::size_t v = 0; v < labels.voxels().size(); ++v) {
      const std::int32_t component = components.voxels()[v];
      const bool kept = labels.voxels()[v] == kTumour;
      if (component > 0 && kept) ++tumour_of[static_cast<std::size_t>(component - 1)];
      const std::uint8_t id = inserted.lesion_ids.voxels()[v];
      if (id == 0) continue;
      LesionTally& one = tally[id - 1U];
      ++one.voxels;
      if (component == 0) continue;
      ++one.contoured;
      one.kept += kept;
      one.cyst += labels.voxels()[v] == kCyst;
      ++by_component[id - 1U][static_cast<std::size_t>(component - 1)];
    }
    for (std::size_t l = 0; l < lesions; ++l) {
      add_row(host, n, inserted, l, tally[l], by_component[l], tumour_of, result, exact);
    }
  }

  void add_row(const Host& host, int n, const InsertedCase& inserted, std::size_t l, const LesionTally& tally,
               const std::vector<std::int64_t>& by_component, const std::vector<std::int64_t>& tumour_of,
               const LesionFilterResult& result, bool exact) {
    const LesionTruth& truth = inserted.lesions[l];
    const Geometry& geometry = inserted.ct.geometry();
    const LesionRegion* region = region_of(result, by_component);
    rows_ += fmt::format("{},{},{},{},{},{},{},{:.2f},{:.1f},{:.2f},{:.1f},{:.0f},{},{},{},{},{},{},{:.6f},",
                         study_.cohort, host.name, n, rule_name(result.options.rule), l, truth.kind,
                         truth.touching ? 1 : 0, truth.diameter_mm, truth.true_mean_hu,
                         std::max({geometry.spacing_mm.x, geometry.spacing_mm.y, geometry.spacing_mm.z}),
                         inserted.noise_sd_hu, result.liver.median_hu.value_or(0),
                         result.liver.unenhanced ? 1 : 0, exact ? 1 : 0, tally.voxels, tally.contoured,
                         tally.kept, tally.cyst, geometry.voxel_volume_ml());
    if (region == nullptr) {
      rows_ += "0,none,,,,,,,,,,,,,,,,,,,,,,,\n";
      return;
    }
    const RegionEvidence& e = region->evidence;
    std::string flags;
    for (const LesionFlag flag : region->flags)
      flags += fmt::format("{}{}", flags.empty() ? "" : "|", flag_name(flag));
    std::int64_t parts = 0;
    for (const LesionRegion& other : result.regions) parts += other.component == region->component;
    std::optional<double> pair_dsc;
    if (truth.touching && truth.kind != "cyst") {
      pair_dsc =
          2.0 * static_cast<double>(tally.kept) /
          static_cast<double>(tally.voxels + tumour_of[static_cast<std::size_t>(region->component - 1)]);
    }
    rows_ += fmt::format("{},{},{:.2f},{:.2f},{},{},{:.2f},{},", parts, verdict_name(region->verdict),
                         region->fit.mean_hu, region->fit.std_hu, number(e.interior_mean_hu),
                         number(e.interior_std_hu), e.interior_error_hu, e.interior_voxels);
    rows_ += e.edge ? fmt::format("{:.2f},{:.2f},{:.3f},{:.3f},{:.3f},{:.3f},", e.edge->core_hu,
                                  e.edge->surroundings_hu, e.edge->offset_mm, e.edge->width_mm,
                                  e.edge->pixel_mm, e.edge->error_mm)
                    : ",,,,,,";
    rows_ += fmt::format("{},{},{:.3f},{},{},{:.2f},{},{},{:.3f},{:.2f},{}\n", number(e.rim_excess_hu),
                         number(e.unevenness), e.roundness, e.dense_voxels, e.gas_voxels, e.diameter_mm,
                         number(region->probability_cyst), flags, result.liver.psf_sigma_mm,
                         result.liver.correlated_voxels, number(pair_dsc));
  }

  const Study& study_;
  int hosts_ = 0;
  std::string rows_ = kHeader, case_rows_ = kCaseHeader;
};

void run_study(const Study& study, int first_phantom, int phantoms) {
  StudyRun run(study);
  if (!study.data.empty() && study.cohort == "tune") run.run_host(totalseg_host(study));
  if (!study.data.empty() && study.cohort == "report") {
    run.run_host(totalseg_host(study));
    for (const char* name : {"case01", "case17"}) {
      const Host host = ircadb_host(study, name);
      run.run_host(host);
      run.run_host(thickened(host, 2));
      run.run_host(thickened(host, 3));
    }
  }
  for (int n = first_phantom; n < first_phantom + phantoms; ++n) {
    study.cohort == "unseen" ? run.run_phantom(n) : run.run_host(phantom_host(study, n));
  }
  run.write();
}

}  // namespace
}  // namespace hepar

int main(int argc, char** argv) {
  hepar::Study study;
  int first_phantom = 0, phantoms = 7;
  CLI::App app("Both rules of the lesion filter on cohorts with exact truth.");
  app.add_option("--data", study.data, "Folder of the unpacked real CTs; none: phantoms only");
  app.add_option("--cohort", study.cohort,
                 "tune: totalseg_example and phantoms; report: also the 3D-IRCADb livers; unseen: the "
                 "phantoms' own lesions")
      ->check(CLI::IsMember({"tune", "report", "unseen"}));
  app.add_option("--seed", study.seed);
  app.add_option("--first-phantom", first_phantom, "Number of the first phantom");
  app.add_option("--phantoms", phantoms, "Phantoms to put lesions into");
  app.add_option("--cases", study.cases_per_host, "Insertions per host");
  app.add_option("-o,--output", study.output, "Writes OUTPUT_lesions.csv and OUTPUT_cases.csv")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    hepar::run_study(study, first_phantom, phantoms);
  } catch (const hepar::Error& error) {
    fmt::print(stderr, "lesion_study: {}\n", error.what());
    return hepar::exit_status(error.code());
  }
  return 0;
}
