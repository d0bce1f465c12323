// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/demo.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "hepar/core/error.h"
#include "hepar/core/output_folder.h"
#include "hepar/imaging/connected_components.h"
#include "hepar/io/image_io.h"
#include "hepar/numeric/paired_tests.h"
#include "hepar/phantom/phantom.h"
#include "hepar/pipeline/phantom_cohort.h"
#include "hepar/pipeline/stage_clock.h"

namespace hepar {
namespace {
using nlohmann::ordered_json;

constexpr double kSolidHu = 60;
constexpr std::array<std::uint8_t, 3> kWholeLiver{kLiver, kTumour, kCyst};
constexpr std::array<std::uint8_t, 1> kTumourOnly{kTumour};

// Which group of the case's tally a connected tumour of the truth belongs to: by the lesion whose centre
// lies nearest to the component's.
LostTumours& group_of(DemoCase& tally, const Phantom& phantom, const Component& component) {
  const Vec3 centre_mm = phantom.ct.geometry().world_from_index(component.centroid_index);
  const LesionTruth* nearest = nullptr;
  for (const LesionTruth& lesion : phantom.lesions) {
    if (lesion.kind == "cyst") continue;
    if (nearest == nullptr ||
        (lesion.centre_lps_mm - centre_mm).norm() < (nearest->centre_lps_mm - centre_mm).norm()) {
      nearest = &lesion;
    }
  }
  HEPAR_EXPECT(nearest != nullptr, "a phantom with tumour voxels lists a tumour");
  if (nearest->touching) return tally.touching;
  return nearest->true_mean_hu >= kSolidHu ? tally.solid : tally.dark;
}

void count_lost_tumours(const Phantom& phantom, const LabelMap& result, DemoCase& tally) {
  const ComponentRuns truth = find_components(phantom.labels, kTumour);
  const auto labels = result.voxels();
  for (const Component& component : truth.components) {
    std::int64_t called_cyst = 0;
    for (const VoxelRun& run : truth.runs_of(component)) {
      const auto voxels =
          labels.subspan(static_cast<std::size_t>(run.first), static_cast<std::size_t>(run.length));
      called_cyst += std::count(voxels.begin(), voxels.end(), kCyst);
    }
    LostTumours& group = group_of(tally, phantom, component);
    ++group.tumours;
    group.lost += 2 * called_cyst > component.voxels ? 1 : 0;
  }
}

DemoCase run_case(const DemoRequest& request, int index, const LiverModel& model, Progress* progress) {
  const std::string name = phantom_case_name(index);
  report(progress, fmt::format("{}: making the CT", name), 0);
  const Phantom phantom = make_phantom({.cysts = CystContent::kSome}, request.seed, index);
  OutputFolder out(request.output / name);
  write_ct(out.staging() / "ct.nii.gz", phantom.ct);
  write_labels(out.staging() / "truth.nii.gz", phantom.labels);
  out.commit();
  StageClock clock;
  clock.start("network");
  Prediction predicted = predict_liver(phantom.ct, model, kWithoutMirroring, progress);
  const CaseResult result = judge_and_write(
      phantom.ct, predicted.labels,
      {.command = "segment",
       .inputs = {{"ct", request.output / name / "ct.nii.gz", {}}, {"model", request.model, {}}},
       .options = LesionFilterOptions(),
       .output = request.output / name,
       .clock = clock,
       .notes = std::move(predicted.notes),
       .progress = progress});
  DemoCase demo_case;
  for (const char* stage : {"network", "filter"}) demo_case.seconds += result.timings_s.at(stage);
  demo_case.name = name;
  demo_case.liver = evaluate_region(result.labels, phantom.labels, kWholeLiver);
  demo_case.before = evaluate_region(predicted.labels, phantom.labels, kTumourOnly);
  demo_case.after = evaluate_region(result.labels, phantom.labels, kTumourOnly);
  count_lost_tumours(phantom, result.labels, demo_case);
  return demo_case;
}

std::string cell(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "-";
}

// The tumour's metric before and after the filter over the cases where both are defined.
struct Comparison {
  std::vector<double> before, after;
};
Comparison compare(const DemoResult& result, std::optional<double> RegionMetrics::*metric) {
  Comparison values;
  for (const DemoCase& c : result.cases) {
    const auto before = c.before.*metric, after = c.after.*metric;
    if (!before || !after) continue;
    values.before.push_back(*before);
    values.after.push_back(*after);
  }
  return values;
}

std::string comparison_text(const char* what, const Comparison& values, int digits) {
  const Summary before = summarise(values.before), after = summarise(values.after);
  std::string text =
      fmt::format("{:<12} {} +- {} before, {} +- {} after, n = {}", what, cell(before.mean, digits),
                  cell(before.sd, digits), cell(after.mean, digits), cell(after.sd, digits), before.n);
  if (const auto test = paired_t_test(values.before, values.after)) {
    text += fmt::format("; paired t test: t = {:.2f}, p = {:.2g}", test->t, test->p_two_sided);
  }
  return text + "\n";
}

LostTumours total(const DemoResult& result, LostTumours DemoCase::*group) {
  LostTumours sum;
  for (const DemoCase& c : result.cases) {
    sum.tumours += (c.*group).tumours;
    sum.lost += (c.*group).lost;
  }
  return sum;
}

ordered_json number(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json();
}

}  // namespace

DemoResult run_demo(const DemoRequest& request, const EngineFactory& make_engine, Progress* progress) {
  const LiverModel model = load_liver_model(request.model, make_engine);
  DemoResult result;
  for (int n = 0; n < request.cases; ++n) result.cases.push_back(run_case(request, n, model, progress));
  return result;
}

std::string demo_json(const DemoResult& result) {
  ordered_json cases = ordered_json::array();
  for (const DemoCase& c : result.cases) {
    cases.push_back({{"case", c.name},
                     {"liver_dsc", number(c.liver.dsc)},
                     {"tumour_dsc_before", number(c.before.dsc)},
                     {"tumour_dsc_after", number(c.after.dsc)},
                     {"tumour_hd95_mm_before", number(c.before.hd95_mm)},
                     {"tumour_hd95_mm_after", number(c.after.hd95_mm)},
                     {"seconds", c.seconds}});
  }
  return ordered_json{{"format", "hepar.demo/1"}, {"cases", cases}}.dump(2);
}

std::string demo_text(const DemoResult& result, const std::filesystem::path& output) {
  std::string text =
      "Tumour on phantoms with cysts, against their exact truth\n"
      "                     liver      DSC            HD95 (mm)\n"
      "case                  DSC   before  after    before   after    time\n";
  for (const DemoCase& c : result.cases) {
    text += fmt::format("{:<20} {:>5}   {:>6} {:>6}    {:>6}  {:>6}  {:>5.1f} s\n", c.name,
                        cell(c.liver.dsc, 3), cell(c.before.dsc, 3), cell(c.after.dsc, 3),
                        cell(c.before.hd95_mm, 1), cell(c.after.hd95_mm, 1), c.seconds);
  }
  text += comparison_text("DSC", compare(result, &RegionMetrics::dsc), 3);
  text += comparison_text("HD95 (mm)", compare(result, &RegionMetrics::hd95_mm), 1);
  const LostTumours solid = total(result, &DemoCase::solid), touching = total(result, &DemoCase::touching),
                    dark = total(result, &DemoCase::dark);
  text += fmt::format(
      "True tumours called cyst: {} of {} with a mean of {:.0f} HU or more; apart from these, {} of {} "
      "darker ones\n"
      "and {} of {} that touch a cyst.\n",
      solid.lost, solid.tumours, kSolidHu, dark.lost, dark.tumours, touching.lost, touching.tumours);
  text += fmt::format(
      "\nLook at {}/{}/overview.png (green: tumour before the filter, blue: after it),\n"
      "and at lesions.json beside it for the evidence under each verdict.\n"
      "Next: hepar segment YOUR_CT -o OUT, then hepar evaluate OUT/labels.nii.gz TRUTH\n"
      "These are phantoms. For research; not a medical device.",
      output.string(), phantom_case_name(0));
  return text;
}

}  // namespace hepar
