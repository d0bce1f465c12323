// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/segment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/output_folder.h"
#include "hepar/core/version.h"
#include "hepar/imaging/connected_components.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/stage_clock.h"

namespace hepar {
namespace {

// Whether `labels` as Hepar writes them say all that the model says.
bool are_hepars(const DatasetLabels& labels, const LiverLabels& meaning) {
  std::size_t known = meaning.liver.size() + meaning.tumour.size() + meaning.cyst.size();
  const std::vector<int> own[] = {{kLiver}, {kTumour}, {kCyst}};
  const bool same_values = (meaning.liver.empty() || meaning.liver == own[0]) && meaning.tumour == own[1] &&
                           (meaning.cyst.empty() || meaning.cyst == own[2]);
  return same_values && known == labels.written_labels().size();
}

std::vector<std::string> names_of(const DatasetLabels& labels) {
  std::vector<std::string> names;
  for (const auto& [name, values] : labels.regions) names.push_back(name);
  return names;
}

void check_channels(const ModelFolder& model) {
  const std::size_t channels = model.plan.normalization_schemes.size();
  if (channels == 1) return;
  throw Error(ErrorCode::kInvalidInput,
              fmt::format("{} wants {} image channels ({}), `hepar segment` has one CT; use `hepar predict`",
                          model.path.string(), channels, fmt::join(model.labels.channel_names, ", ")));
}

std::map<std::string, std::string> inference_options(const SegmentRequest& request,
                                                     const ModelFolder& model) {
  std::vector<std::string> folds;
  for (const FoldCheckpoint& checkpoint : model.checkpoints) folds.push_back(checkpoint.fold);
  return {{"folds", fmt::format("{}", fmt::join(folds, ","))},
          {"checkpoint", model.checkpoints.front().file.filename().string()},
          {"mirror", request.inference.mirror ? "yes" : "no"},
          {"step", fmt::format("{}", request.inference.step_fraction)},
          {"search", std::string(search_name(request.inference.search))},
          {"device", request.device},
          {"engine", request.engine}};
}

std::vector<RunInput> run_inputs(const SegmentRequest& request, const ModelStages& stages) {
  std::vector<RunInput> inputs{{"ct", request.ct.path, {}}, {"model", request.model, {}}};
  if (stages.earlier) inputs.push_back({"earlier_model", stages.earlier->folder().path, {}});
  return inputs;
}

SegmentResult name_model_labels(const DatasetLabels& labels, const LoadedCt& ct, const DicomOptions& dicom) {
  SegmentResult result;
  result.notes = ct.notes;
  result.notes.push_back(fmt::format(
      "the model has no label named as a liver tumour ({}), so the lesion filter did not run; name "
      "it with --tumour-label if there is one",
      fmt::join(names_of(labels), ", ")));
  if (case_dicom(ct.series, dicom)) {
    result.notes.push_back(fmt::format("{} and {} were not written, as their structures are the liver's",
                                       kStructureSetFile, kSegmentationFile));
  }
  return result;
}

std::vector<std::pair<std::string, double>> volumes_ml(const DatasetLabels& model,
                                                       const WideLabelMap& labels) {
  std::vector<std::int64_t> counts(65536);
  for (const std::uint16_t label : labels.voxels()) ++counts[label];
  std::vector<std::pair<std::string, double>> volumes;
  for (const auto& [name, values] : model.regions) {
    std::int64_t voxels = 0;
    for (const int value : values) voxels += counts[static_cast<std::size_t>(value)];
    volumes.emplace_back(name, static_cast<double>(voxels) * labels.geometry().voxel_volume_ml());
  }
  return volumes;
}

void add_note(std::vector<std::string>& notes, const SearchRecord& record) {
  if (std::string note = search_note(record); !note.empty()) notes.push_back(std::move(note));
}

// A model that knows no liver tumour: its labels as they are.
SegmentResult write_model_labels(const SegmentRequest& request, const ModelStages& model, const LoadedCt& ct,
                                 StageClock& clock, Progress* progress) {
  const ModelFolder& folder = model.model.folder();
  SegmentResult result = name_model_labels(folder.labels, ct, request.dicom);
  clock.start("network");
  SearchRecord record;
  PredictOptions options = request.inference;
  options.record = &record;
  const bool lowered = options.search == Search::kLabels;
  if (lowered) options.search = Search::kBody;
  const WideLabelMap labels = predict_stages(model, std::span(&ct.voxels, 1), options, progress);
  if (lowered) record.not_searched = "no label is known to be the liver's, so that none may be cut";
  add_note(result.notes, record);
  clock.start("write");
  result.model_labels_ml = volumes_ml(folder.labels, labels);
  RunRecord run = make_run_record("segment", run_inputs(request, model), {});
  run.options = inference_options(request, folder);
  run.search = record;
  OutputFolder out(request.output);
  write_labels(out.staging() / kModelLabelsFile, labels);
  run.timings_s = clock.seconds();
  write_text_file(out.staging() / kRunFile, run_json(run, request.output));
  out.commit(kResultFiles);
  clock.stop();
  result.timings_s = clock.seconds();
  return result;
}

// A model that knows one: the search and the network, and what they leave for the lesion filter.
SegmentResult write_liver_labels(const SegmentRequest& request, LiverModel model, LoadedCt ct,
                                 const EngineFactory& make_engine, StageClock& clock, Progress* progress) {
  clock.start("network");
  SearchRecord record;
  LiverSearch search = plan_liver_search(request.inference, model.stages.model, model.meaning, make_engine);
  search.options.record = &record;
  Prediction prediction = predict_liver(ct.voxels, model, search.options, progress);
  if (!search.not_searched.empty()) record.not_searched = search.not_searched;
  add_note(ct.notes, record);
  ct.notes.insert(ct.notes.end(), prediction.notes.begin(), prediction.notes.end());
  const ModelFolder& folder = model.stages.model.folder();
  if (are_hepars(folder.labels, model.meaning)) {
    prediction.model_labels = {};
  } else {
    ct.notes.push_back(meaning_note(model.meaning));
  }
  SegmentResult result;
  result.judged = judge_and_write(ct.voxels, std::move(prediction.labels),
                                  {.command = "segment",
                                   .inputs = run_inputs(request, model.stages),
                                   .options = request.options,
                                   .inference = inference_options(request, folder),
                                   .search = record,
                                   .model_labels = std::move(prediction.model_labels),
                                   .dicom = case_dicom(ct.series, request.dicom),
                                   .output = request.output,
                                   .clock = clock,
                                   .notes = std::move(ct.notes),
                                   .progress = progress});
  result.timings_s = result.judged->timings_s;
  return result;
}

}  // namespace

LiverModel load_liver_model(const std::filesystem::path& folder, const EngineFactory& make_engine) {
  ModelStages stages = load_model_stages(folder, make_engine);
  check_channels(stages.model.folder());
  const DatasetLabels& labels = stages.model.folder().labels;
  const auto meaning = find_liver_labels(labels);
  if (!meaning) {
    throw Error(ErrorCode::kInvalidInput, fmt::format("{} has no label named as a liver tumour, it has {}",
                                                      folder.string(), fmt::join(names_of(labels), ", ")));
  }
  return {std::move(stages), *meaning};
}

Prediction predict_liver(const CtVolume& ct, const LiverModel& model, const PredictOptions& options,
                         Progress* progress) {
  Prediction prediction;
  prediction.model_labels = predict_stages(model.stages, std::span(&ct, 1), options, progress);
  prediction.labels = to_hepar_labels(prediction.model_labels, model.meaning);
  const std::string note = drop_liver_islands(prediction.labels);
  if (!note.empty()) prediction.notes.push_back(note);
  return prediction;
}

std::string drop_liver_islands(LabelMap& labels) {
  Mask mask = labels;
  for (std::uint8_t& value : mask.voxels()) value = value != kBackground ? 1 : 0;
  const ComponentRuns parts = find_components(mask, 1);
  std::int64_t largest = 0;
  for (const Component& part : parts.components) largest = std::max(largest, part.voxels);
  const auto voxels = labels.voxels();
  std::int64_t islands = 0, dropped_voxels = 0;
  for (const Component& part : parts.components) {
    const auto runs = parts.runs_of(part);
    const bool holds_lesion = std::any_of(runs.begin(), runs.end(), [&](const VoxelRun& run) {
      const auto row =
          voxels.subspan(static_cast<std::size_t>(run.first), static_cast<std::size_t>(run.length));
      return std::any_of(row.begin(), row.end(), [](std::uint8_t value) { return value != kLiver; });
    });
    if (part.voxels == largest || holds_lesion) continue;
    for (const VoxelRun& run : runs) {
      const auto row =
          voxels.subspan(static_cast<std::size_t>(run.first), static_cast<std::size_t>(run.length));
      std::fill(row.begin(), row.end(), kBackground);
    }
    ++islands;
    dropped_voxels += part.voxels;
  }
  if (islands == 0) return {};
  return fmt::format(
      "{} islands of predicted liver ({:.1f} mL in all, no tumour in them) lie apart from the liver and were "
      "left out",
      islands, labels.geometry().voxel_volume_ml() * static_cast<double>(dropped_voxels));
}

SegmentResult segment_case(const SegmentRequest& request, const EngineFactory& make_engine,
                           Progress* progress) {
  StageClock clock;
  clock.start("read");
  report(progress, "reading", 0);
  ModelStages stages = load_model_stages(request.model, make_engine, request.selection);
  check_channels(stages.model.folder());
  const auto meaning = find_liver_labels(stages.model.folder().labels, request.tumour_labels);
  LoadedCt ct = load_ct(request.ct);
  if (!meaning) return write_model_labels(request, stages, ct, clock, progress);
  return write_liver_labels(request, {std::move(stages), *meaning}, std::move(ct), make_engine, clock,
                            progress);
}

std::string segment_json(const SegmentResult& result) {
  if (result.judged) return case_json(*result.judged);
  nlohmann::ordered_json json{{"format", "hepar.segment/1"}, {"hepar", version()}};
  json["model_labels_ml"] = nlohmann::ordered_json::object();
  for (const auto& [name, ml] : result.model_labels_ml) json["model_labels_ml"][name] = ml;
  json["notes"] = result.notes;
  json["timings_s"] = result.timings_s;
  return json.dump(1);
}

std::string segment_text(const SegmentResult& result, const std::filesystem::path& output) {
  if (result.judged) return case_text(*result.judged, output);
  std::string text;
  for (const auto& [name, ml] : result.model_labels_ml) text += fmt::format("{}: {:.1f} mL\n", name, ml);
  for (const std::string& note : result.notes) text += "note: " + note + "\n";
  return text + fmt::format("written to {}: {} and {}.\n{}", output.string(), kModelLabelsFile, kRunFile,
                            kDisclaimer);
}

}  // namespace hepar
