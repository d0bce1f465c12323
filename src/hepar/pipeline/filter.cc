// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/output_folder.h"
#include "hepar/core/version.h"
#include "hepar/evaluation/case_pairs.h"
#include "hepar/figures/overview.h"
#include "hepar/io/image_io.h"
#include "hepar/lesion/lesion_json.h"
#include "hepar/lesion/lesion_table.h"
#include "hepar/pipeline/stage_clock.h"
#include "hepar/volume/label_counts.h"

namespace hepar {
namespace {

std::string join(const std::vector<int>& values) {
  std::string text;
  for (const int value : values) text += (text.empty() ? "" : ", ") + std::to_string(value);
  return text;
}

std::string verdict_words(const LesionFilterResult& lesions) {
  int tumours = 0, cysts = 0, doubtful = 0, opened = 0;
  for (const LesionRegion& region : lesions.regions) {
    tumours += region.verdict == Verdict::kCalledTumour;
    cysts += region.verdict == Verdict::kCalledCyst;
    doubtful += region.verdict == Verdict::kDoubtful;
    opened += region.verdict == Verdict::kOpened;
  }
  return fmt::format(
      "{} regions by the {} rule: {} tumour, {} cyst, {} doubtful (stay in the tumour label; look at "
      "them){}",
      tumours + cysts + doubtful, rule_name(lesions.options.rule), tumours, cysts, doubtful,
      opened > 0 ? fmt::format("; {} pieces taken by the opening", opened) : "");
}

OverviewOptions overview_options(const LesionFilterResult& lesions) {
  OverviewOptions options;
  for (const LesionRegion& region : lesions.regions) {
    options.lesions.push_back(
        {.id = region.id,
         .centroid_lps_mm = region.centroid_lps_mm,
         .volume_ml = region.volume_ml,
         .note = fmt::format("{}, {:.0f} HU", verdict_name(region.verdict), region.fit.mean_hu)});
  }
  return options;
}

void measure_volumes(const LabelMap& before, CaseResult& result) {
  const double voxel_ml = before.geometry().voxel_volume_ml();
  const auto counts_before = count_labels(before), counts = count_labels(result.labels);
  const auto ml = [voxel_ml](std::int64_t voxels) { return voxel_ml * static_cast<double>(voxels); };
  result.liver_ml = ml(counts[kLiver] + counts[kTumour] + counts[kCyst]);
  result.tumour_before_ml = ml(counts_before[kTumour]);
  result.tumour_ml = ml(counts[kTumour]);
  result.cyst_ml = ml(counts[kCyst]);
}

}  // namespace

void adopt_labels(LabelMap& labels, int tumour_label, std::vector<std::string>& notes) {
  const auto counts = count_labels(labels);
  std::vector<int> present, dropped;
  std::array<std::uint8_t, 256> adopted{};
  for (int value = 1; value < 256; ++value) {
    const auto n = static_cast<std::size_t>(value);
    if (value == tumour_label) {
      adopted[n] = kTumour;
    } else if (value == kLiver || value == kCyst) {
      adopted[n] = static_cast<std::uint8_t>(value);
    } else if (counts[n] > 0) {
      dropped.push_back(value);
    }
    if (counts[n] > 0) present.push_back(value);
  }
  if (counts[static_cast<std::size_t>(tumour_label)] == 0) {
    throw Error(
        ErrorCode::kInvalidInput,
        present.empty()
            ? std::string("the label map is empty, so there is no tumour to judge")
            : fmt::format("the label map has no voxel of label {} (tumour); it holds the labels {}; name the "
                          "tumour's with --tumour-label",
                          tumour_label, join(present)));
  }
  if (!dropped.empty()) {
    notes.push_back(
        fmt::format("labels {} of the input are neither liver (1), tumour ({}) nor cyst (3) and are "
                    "background in the output",
                    join(dropped), tumour_label));
  }
  if (tumour_label == kTumour && dropped.empty()) return;
  for (std::uint8_t& value : labels.voxels()) value = adopted[value];
}

CaseResult judge_and_write(const CtVolume& ct, LabelMap labels, CaseJob job) {
  report(job.progress, "judging lesions", 0);
  CaseResult result;
  const LabelMap before = labels;
  result.labels = std::move(labels);
  job.clock.start("filter");
  result.lesions = filter_lesions(ct, result.labels, job.options);
  job.clock.start("write");
  measure_volumes(before, result);
  result.lesions.notes.insert(result.lesions.notes.begin(), job.notes.begin(), job.notes.end());
  if (job.output.empty()) {
    job.clock.stop();
    result.timings_s = job.clock.seconds();
    return result;
  }
  report(job.progress, "writing", 0);
  if (job.dicom && !job.dicom->profile_file.empty()) {
    job.inputs.push_back({"profile", job.dicom->profile_file, {}});
  }
  RunRecord run = make_run_record(job.command, std::move(job.inputs), job.options);
  run.options.merge(job.inference);
  run.search = std::move(job.search);
  OutputFolder out(job.output);
  write_labels(out.staging() / kLabelsFile, result.labels);
  write_labels(out.staging() / kUnfilteredFile, before);
  if (!job.model_labels.voxels().empty()) write_labels(out.staging() / kModelLabelsFile, job.model_labels);
  if (job.dicom) {
    result.rois = write_case_dicom(out.staging(), result.labels, *job.dicom, result.lesions.notes);
  }
  write_text_file(out.staging() / "lesions.json", lesions_json(result.lesions));
  write_text_file(out.staging() / "regions.csv", regions_csv(result.lesions, last_name(job.output)));
  write_text_file(out.staging() / "histograms.csv", histograms_csv(result.lesions));
  job.clock.start("draw");
  write_overview_png(out.staging() / "overview.png", ct, before, result.labels,
                     overview_options(result.lesions));
  job.clock.start("write");
  run.timings_s = job.clock.seconds();
  write_text_file(out.staging() / kRunFile, run_json(run, job.output));
  out.commit(kResultFiles);
  job.clock.stop();
  result.timings_s = job.clock.seconds();
  report(job.progress, "writing", 1);
  return result;
}

CaseResult filter_case(const FilterRequest& request, Progress* progress) {
  StageClock clock;
  clock.start("read");
  report(progress, "reading", 0);
  if (request.tumour_label != kTumour && needs_grid(request.labels)) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format("--tumour-label {} is for label maps; structures get the tumour's label 2 by name, with "
                    "--roi NAME=2",
                    request.tumour_label));
  }
  CtSource source = request.ct;
  if (source.series.empty()) source.series = series_for(request.labels, source.path);
  const LoadedCt ct = load_ct(source);
  LoadedLabels labels =
      load_labels(request.labels, ct.series ? *ct.series : grid_without_series(ct.voxels.geometry()),
                  request.rois, {.accept_skewed_directions = request.ct.accept_skewed_directions});
  std::vector<std::string> notes = ct.notes;
  for (std::string& note : notes_of(labels)) notes.push_back(std::move(note));
  adopt_labels(labels.voxels, request.tumour_label, notes);
  return judge_and_write(ct.voxels, std::move(labels.voxels),
                         {.command = "filter",
                          .inputs = {{"ct", request.ct.path, {}}, {"labels", request.labels, {}}},
                          .options = request.options,
                          .dicom = case_dicom(ct.series, request.dicom),
                          .output = request.dry_run ? std::filesystem::path() : request.output,
                          .clock = clock,
                          .notes = std::move(notes),
                          .progress = progress});
}

std::string case_json(const CaseResult& result) {
  auto document = nlohmann::ordered_json::parse(lesions_json(result.lesions, result.timings_s));
  if (!result.rois.empty()) document["rois_ml"] = nlohmann::ordered_json::object();
  for (const ExportedRoi& roi : result.rois) document["rois_ml"][roi.name] = roi.volume_ml;
  return document.dump(2) + "\n";
}

std::string case_table(const CaseResult& result) {
  std::string text = lesion_table(result.lesions);
  for (const std::string& note : result.lesions.notes) text += "note: " + note + "\n";
  return text + "Nothing was written. For research; not a medical device.";
}

std::string case_text(const CaseResult& result, const std::filesystem::path& output) {
  constexpr std::size_t kMostRegions = 10;
  std::string text = fmt::format(
      "liver {:.0f} mL (with all that is in it), tumour {:.1f} mL before the filter and {:.1f} mL after it, "
      "cyst {:.1f} mL\n",
      result.liver_ml, result.tumour_before_ml, result.tumour_ml, result.cyst_ml);
  text += verdict_words(result.lesions) + "\n";
  std::vector<const LesionRegion*> largest;
  for (const LesionRegion& region : result.lesions.regions) largest.push_back(&region);
  std::stable_sort(largest.begin(), largest.end(),
                   [](const LesionRegion* a, const LesionRegion* b) { return a->voxels > b->voxels; });
  for (std::size_t n = 0; n < std::min(kMostRegions, largest.size()); ++n) {
    text += fmt::format("  {:>3}  {:>8.1f} mL  {:<8}  {}\n", largest[n]->id, largest[n]->volume_ml,
                        verdict_name(largest[n]->verdict), largest[n]->reason);
  }
  if (largest.size() > kMostRegions)
    text += fmt::format("  ... and {} smaller ones in lesions.json\n", largest.size() - kMostRegions);
  for (const std::string& note : result.lesions.notes) text += "note: " + note + "\n";
  double seconds = 0;
  for (const auto& [stage, duration] : result.timings_s) seconds += duration;
  return text + fmt::format("{}written to {} in {:.1f} s: {}{}.\nNext: hepar report {}\n{}",
                            rois_text(result.rois), output.string(), seconds, kCaseFiles,
                            result.rois.empty() ? "" : fmt::format("; {}", kDicomFiles), output.string(),
                            kDisclaimer);
}

}  // namespace hepar
