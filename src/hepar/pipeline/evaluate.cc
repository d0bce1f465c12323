// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

#include "hepar/core/error.h"
#include "hepar/core/output_folder.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/evaluation/evaluation_output.h"
#include "hepar/figures/gallery.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/case_volumes.h"
#include "hepar/pipeline/ct_input.h"
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

// The CT of a case; of a single pair also the DICOM folder that --images names itself.
fs::path ct_of(const EvaluatedCase& c, const EvaluateRequest& request) {
  fs::path ct = find_ct(c, request.images);
  const bool single = !fs::is_directory(request.reference);
  if (ct.empty() && single && !request.images.empty() && !find_ct_series(request.images).ct_series.empty()) {
    ct = request.images;
  }
  return ct;
}

// The grid for two DICOM objects.
CtGrid grid_of_ct(const CasePair& pair, const EvaluateRequest& request) {
  const fs::path ct = ct_of({.name = pair.name,
                             .prediction = pair.prediction,
                             .reference = pair.reference,
                             .ct = {},
                             .regions = {}},
                            request);
  if (ct.empty()) {
    throw Error(
        ErrorCode::kInvalidInput,
        fmt::format(
            "{} and {} need the grid of their CT; name the folder that holds it as {}, or for a single "
            "pair its own, with --images",
            pair.prediction.string(), pair.reference.string(), pair.name));
  }
  if (!fs::is_directory(ct))
    return grid_without_series(load_ct({.path = ct, .series = {}}).voxels.geometry());
  return read_ct_grid(ct, {.series = series_for(pair.reference, ct)});
}

// What was found on the way.
struct ReadNotes {
  std::vector<std::string> notes, faults;
};

LabelPair read_pair(const CasePair& pair, const EvaluateRequest& request, ReadNotes& found) {
  const bool structures = needs_grid(pair.prediction), reference_structures = needs_grid(pair.reference);
  if (!structures && !reference_structures) return read_label_maps(pair);
  const auto load = [&](const fs::path& file, const CtGrid& grid) {
    LoadedLabels labels = load_labels(file, grid, request.rois);
    for (const std::string& note : labels.notes) {
      found.notes.push_back(fmt::format("{}: {}", file.string(), note));
    }
    for (const std::string& name : labels.unlabelled) {
      found.faults.push_back(
          fmt::format("{}: the structure {} has no label (--roi NAME=VALUE) and counts as background",
                      file.string(), name));
    }
    return std::move(labels.voxels);
  };
  if (structures && reference_structures) {
    const CtGrid grid = grid_of_ct(pair, request);
    return {load(pair.prediction, grid), load(pair.reference, grid)};
  }
  LabelMap image = read_labels(structures ? pair.reference : pair.prediction).voxels;
  LabelMap laid = load(structures ? pair.prediction : pair.reference, grid_without_series(image.geometry()));
  return structures ? LabelPair{std::move(laid), std::move(image)}
                    : LabelPair{std::move(image), std::move(laid)};
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

void write_worst_cases(const Evaluation& evaluation, const std::vector<RoiLabel>& rois,
                       const fs::path& folder) {
  const auto region = evaluation.options.find_region("tumour");
  if (!region) return;
  std::vector<SlicePanel> panels;
  for (const EvaluatedCase* c : worst_cases(evaluation.methods.front(), *region)) {
    const RegionResult& tumour = c->regions[*region];
    const ReferenceLesion* lesion = worst_lesion(*tumour.lesions);
    const CaseVolumes volumes =
        load_case_volumes({c->ct, c->prediction, c->reference}, evaluation.options, rois);
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
  ReadNotes found;
  const auto read = [&](const CasePair& pair) { return read_pair(pair, request, found); };
  Evaluation evaluation = evaluate(request.methods, request.reference, request.options, progress, read);
  evaluation.notes.insert(evaluation.notes.end(), found.notes.begin(), found.notes.end());
  evaluation.faults.insert(evaluation.faults.end(), found.faults.begin(), found.faults.end());
  if (request.output.empty()) return evaluation;
  std::size_t missing = 0;
  for (MethodResult& method : evaluation.methods) {
    for (EvaluatedCase& c : method.cases) {
      c.ct = ct_of(c, request);
      missing += c.ct.empty() ? 1U : 0U;
    }
  }
  if (missing > 0) {
    evaluation.notes.push_back(
        fmt::format("the CT of {} cases was not found, so there are no slices of them; name a folder with "
                    "--images",
                    missing));
  }
  write_evaluation_folder(evaluation, request.output, request.rois);
  return evaluation;
}

void write_evaluation_folder(const Evaluation& evaluation, const fs::path& output,
                             const std::vector<RoiLabel>& rois) {
  OutputFolder out(output);
  write_evaluation(evaluation, out.staging(), output);
  write_worst_cases(evaluation, rois, out.staging());
  write_times(evaluation, out.staging());
  out.commit();
}

}  // namespace hepar
