// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/reproduce.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/output_folder.h"
#include "hepar/core/version.h"
#include "hepar/evaluation/evaluation_json.h"
#include "hepar/evaluation/evaluation_output.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/evaluate.h"
#include "hepar/pipeline/leakage.h"
#include "hepar/pipeline/paper_figures.h"
#include "hepar/pipeline/paper_tables.h"
#include "hepar/pipeline/report_page.h"
#include "hepar/pipeline/reproduce_data.h"
#include "hepar/pipeline/stage_clock.h"
#include "hepar/report/table_text.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* kFormat = "hepar.reproduction/1";

fs::path evaluation_folder(const fs::path& output, const std::string& key) {
  return output / ("evaluation_" + key);
}

// Where the predictions of a cohort lie, filtered by the rule.
fs::path prediction_folder(const fs::path& output, const std::string& key, LesionRule rule) {
  return output / "predictions" / (key + "_" + std::string(rule_name(rule)));
}

void predict_case(const CohortData& cohort, const std::string& name, const ReproduceRequest& request,
                  const LiverModel& model, Progress* progress) {
  StageClock network;
  network.start("read");
  const CtVolume ct = read_ct(cohort.image(name)).voxels;
  network.start("network");
  const Prediction prediction = predict_liver(ct, model, kWithoutMirroring, progress);
  network.stop();
  for (const LesionRule rule : {LesionRule::kEvidence, LesionRule::kPaper}) {
    StageClock clock = network;
    LesionFilterOptions options;
    options.rule = rule;
    judge_and_write(ct, prediction.labels,
                    {.command = "segment",
                     .inputs = {{"ct", cohort.image(name), {}}, {"model", request.model, {}}},
                     .options = options,
                     .output = prediction_folder(request.output, cohort.key, rule) / name,
                     .clock = clock,
                     .notes = prediction.notes});
  }
}

ReproducedCohort run_cohort(const CohortData& cohort, const ReproduceRequest& request,
                            const LiverModel& model, Progress* progress) {
  for (std::size_t n = 0; n < cohort.cases.size(); ++n) {
    report(progress, fmt::format("{}: contouring", cohort.key),
           static_cast<double>(n) / static_cast<double>(cohort.cases.size()));
    predict_case(cohort, cohort.cases[n], request, model, nullptr);
  }
  const fs::path evidence = prediction_folder(request.output, cohort.key, LesionRule::kEvidence);
  const fs::path paper = prediction_folder(request.output, cohort.key, LesionRule::kPaper);
  ReproducedCohort result{cohort.key, cohort.title, {}};
  // Only the cohort's cases have predictions: the dataset's others are no fault.
  result.evaluation = evaluate({{kNetworkMethod, evidence, std::string(kUnfilteredFile)},
                                {kPaperMethod, paper},
                                {kEvidenceMethod, evidence}},
                               cohort.dataset / "labelsTr", {}, progress);
  result.evaluation.faults.clear();
  for (MethodResult& method : result.evaluation.methods) {
    for (EvaluatedCase& c : method.cases) c.ct = cohort.image(c.name);
  }
  write_evaluation_folder(result.evaluation, evaluation_folder(request.output, cohort.key));
  return result;
}

// Whether a case to be tested on was trained on under another name, which would spoil the figures.
std::vector<std::string> leakage_notes(const ExperimentData& data, Progress* progress) {
  std::vector<std::string> notes;
  if (data.training.empty()) return notes;
  for (const CohortData& cohort : data.cohorts) {
    if (cohort.key == "validation") continue;  // held back from the training dataset itself
    const LeakageReport found = find_leakage({.train = data.training, .test = cohort.dataset}, progress);
    for (const ScanPair& pair : found.matches) {
      notes.push_back(
          fmt::format("The {} case {} is the same scan as {} of the training dataset: its figures are "
                      "not those of an unseen patient.",
                      cohort.key, pair.second, pair.first));
    }
    if (found.matches.empty()) {
      notes.push_back(
          fmt::format("None of the {} scans compared for {} is in the training dataset (hepar leakage).",
                      found.test_count, cohort.key));
    }
  }
  return notes;
}

std::string training_sentence(const ReproduceRequest& request) {
  if (request.train) {
    return fmt::format("The network was trained by this run, {} cases held back for validation.",
                       request.validation_cases);
  }
  return fmt::format("The network was not trained for this: it is the model {}. {}", last_name(request.model),
                     model_summary(request.model));
}

std::string reproduction_json(const Reproduction& reproduction) {
  ordered_json document = {{"format", kFormat},
                           {"disclaimer", kDisclaimer},
                           {"hepar", version()},
                           {"phantoms", reproduction.phantoms},
                           {"training", reproduction.training},
                           {"cohorts", ordered_json::array()},
                           {"notes", reproduction.notes}};
  for (const ReproducedCohort& cohort : reproduction.cohorts) {
    document["cohorts"].push_back({{"key", cohort.key},
                                   {"title", cohort.title},
                                   {"evaluation", evaluation_folder({}, cohort.key).string()}});
  }
  return document.dump(2) + "\n";
}

void write_results(const Reproduction& reproduction, const fs::path& output) {
  OutputFolder out(output);
  write_tables({paper_table_1(reproduction), paper_table_2(reproduction)}, out.staging());
  write_text_file(out.staging() / "reproduction.json", reproduction_json(reproduction));
  write_figures(paper_figures(reproduction), out.staging());
  out.commit();
}

}  // namespace

Reproduction reproduce(const ReproduceRequest& request, const EngineFactory& make_engine,
                       Progress* progress) {
  const ExperimentData data = experiment_data(request, progress);
  if (request.train) request.train(data.training, request.validation_cases);
  const LiverModel model = load_liver_model(request.model, make_engine);
  Reproduction reproduction;
  reproduction.phantoms = request.test_data.empty();
  reproduction.training = training_sentence(request);
  for (const CohortData& cohort : data.cohorts) {
    reproduction.cohorts.push_back(run_cohort(cohort, request, model, progress));
  }
  reproduction.notes = leakage_notes(data, progress);
  write_results(reproduction, request.output);
  return reproduction;
}

Reproduction read_reproduction(const fs::path& folder) {
  const fs::path file = folder / "reproduction.json";
  try {
    const auto document = nlohmann::json::parse(read_text_file(file));
    if (document.at("format") != kFormat) {
      throw Error(ErrorCode::kUnsupported,
                  fmt::format("{} is of the format {}, this version reads {}", file.string(),
                              document.at("format").get<std::string>(), kFormat));
    }
    Reproduction reproduction;
    reproduction.phantoms = document.at("phantoms");
    reproduction.training = document.at("training");
    reproduction.notes = document.at("notes").get<std::vector<std::string>>();
    for (const auto& cohort : document.at("cohorts")) {
      const fs::path inner = folder / cohort.at("evaluation").get<std::string>();
      reproduction.cohorts.push_back(
          {cohort.at("key"), cohort.at("title"),
           read_evaluation_json(read_text_file(inner / "evaluation.json"), inner)});
    }
    return reproduction;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::kCorrupt, fmt::format("{} can't be read: {}", file.string(), error.what()));
  }
}

std::string reproduction_text(const Reproduction& reproduction) {
  ReportTable one = paper_table_1(reproduction), two = paper_table_2(reproduction);
  one.note.clear();
  std::string text = plain_table(one) + "\n" + plain_table(two);
  for (const std::string& note : reproduction.notes) text += "note: " + note + "\n";
  return text + std::string(kDisclaimer);
}

}  // namespace hepar
