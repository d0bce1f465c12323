// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "hepar/core/error.h"
#include "hepar/core/output_folder.h"
#include "hepar/evaluation/evaluation_output.h"
#include "hepar/figures/gallery.h"
#include "hepar/pipeline/case_volumes.h"
#include "hepar/pipeline/provenance.h"
#include "hepar/pipeline/run_record.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t kWorstCases = 6;

// The CT of that name in a folder of CTs.
fs::path ct_in_folder(const fs::path& folder, const std::string& name) {
  if (folder.empty()) return {};
  for (const char* channel : {"_0000", ""}) {
    for (const char* suffix : {".nii.gz", ".nii", ".nrrd", ".mha"}) {
      const fs::path file = folder / (name + channel + suffix);
      if (fs::exists(file)) return file;
    }
  }
  const fs::path inner = folder / name;
  if (fs::exists(inner / "ct.nii.gz")) return inner / "ct.nii.gz";
  return fs::is_directory(inner) ? inner : fs::path();
}

// What a picture of a bad case should show: the largest missed lesion, else the largest one.
const ReferenceLesion* worst_lesion(const LesionDetection& lesions) {
  const ReferenceLesion* worst = nullptr;
  for (const ReferenceLesion& lesion : lesions.references) {
    const bool worse = worst == nullptr || (!lesion.detected && worst->detected) ||
                       (lesion.detected == worst->detected && lesion.volume_ml > worst->volume_ml);
    if (worse) worst = &lesion;
  }
  return worst;
}

std::vector<const EvaluatedCase*> worst_cases(const MethodResult& method, std::size_t region) {
  std::vector<const EvaluatedCase*> cases;
  for (const EvaluatedCase& c : method.cases) {
    const RegionResult& tumour = c.regions[region];
    const bool shown = tumour.metrics.dsc && tumour.lesions && !tumour.lesions->references.empty();
    if (shown && !c.ct.empty()) cases.push_back(&c);
  }
  std::stable_sort(cases.begin(), cases.end(), [region](const EvaluatedCase* a, const EvaluatedCase* b) {
    return *a->regions[region].metrics.dsc < *b->regions[region].metrics.dsc;
  });
  if (cases.size() > kWorstCases) cases.resize(kWorstCases);
  return cases;
}

void write_worst_cases(const Evaluation& evaluation, const fs::path& folder) {
  const auto region = evaluation.options.find_region("tumour");
  if (!region) return;
  std::vector<SlicePanel> panels;
  for (const EvaluatedCase* c : worst_cases(evaluation.methods.front(), *region)) {
    const RegionResult& tumour = c->regions[*region];
    const ReferenceLesion* lesion = worst_lesion(*tumour.lesions);
    const CaseVolumes volumes = load_case_volumes({c->ct, c->prediction, c->reference}, evaluation.options);
    if (!volumes.ct) continue;  // the report's page says why
    SlicePanel panel = make_slice_panel(*volumes.ct, volumes.slice_labels(), lesion->centroid_lps_mm,
                                        lesion->diameter_mm / 2);
    panel.caption = fmt::format("{}: DSC {:.2f}, {} lesion of {:.1f} mL", c->name, *tumour.metrics.dsc,
                                lesion->detected ? "found" : "missed", lesion->volume_ml);
    panels.push_back(std::move(panel));
  }
  if (panels.empty()) return;
  const std::string title = "Lowest Dice of the tumour";
  write_gallery(folder / "worst_cases.png", title, panels);
  write_gallery(folder / "worst_cases.svg", title, panels);
}

// Time per stage of the first method that Hepar made.
void write_times(const Evaluation& evaluation, const fs::path& folder) {
  for (const MethodResult& method : evaluation.methods) {
    const std::vector<EvaluationFigure> figures = time_figures(read_runs(prediction_paths(method)));
    write_figures(figures, folder);
    if (!figures.empty()) return;
  }
}

}  // namespace

fs::path find_ct(const EvaluatedCase& c, const fs::path& images) {
  if (!images.empty()) return ct_in_folder(images, c.name);
  if (const auto run = read_run_record(c.prediction.parent_path())) {
    if (const RunInput* ct = run->input("ct"); ct != nullptr && fs::exists(ct->path)) return ct->path;
  }
  const fs::path labels = c.reference.parent_path();
  for (const auto& [from, to] : {std::pair("labelsTr", "imagesTr"), std::pair("labelsTs", "imagesTs")}) {
    if (labels.filename() == from) return ct_in_folder(labels.parent_path() / to, c.name);
  }
  return {};
}

Evaluation evaluate_cohort(const EvaluateRequest& request, Progress* progress) {
  if (!request.images.empty() && !fs::is_directory(request.images)) {
    throw Error(ErrorCode::kMissing, fmt::format("there is no folder {}", request.images.string()));
  }
  Evaluation evaluation = evaluate(request.methods, request.reference, request.options, progress);
  if (request.output.empty()) return evaluation;
  std::size_t missing = 0;
  for (MethodResult& method : evaluation.methods) {
    for (EvaluatedCase& c : method.cases) {
      c.ct = find_ct(c, request.images);
      missing += c.ct.empty() ? 1U : 0U;
    }
  }
  if (missing > 0) {
    evaluation.notes.push_back(
        fmt::format("the CT of {} cases was not found, so there are no slices of them; name a folder with "
                    "--images",
                    missing));
  }
  write_evaluation_folder(evaluation, request.output);
  return evaluation;
}

void write_evaluation_folder(const Evaluation& evaluation, const fs::path& output) {
  OutputFolder out(output);
  write_evaluation(evaluation, out.staging(), output);
  write_worst_cases(evaluation, out.staging());
  write_times(evaluation, out.staging());
  out.commit();
}

}  // namespace hepar
