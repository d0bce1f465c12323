// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/training_run.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/nn/json_file.h"
#include "hepar/pipeline/plan_dataset.h"
#include "hepar/pipeline/prepare_dataset.h"
#include "hepar/pipeline/training_leakage.h"
#include "hepar/pipeline/training_set.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

constexpr const char* kFormat = "hepar.train/1";

fs::path absolute_path(const fs::path& path) {
  return path.empty() ? path : fs::absolute(path / "x").lexically_normal().parent_path();
}

fs::path record_file(const fs::path& run) { return run / "hepar_train.json"; }

TrainingRun read_run(const fs::path& folder) {
  const fs::path file = record_file(folder);
  if (!fs::exists(file)) {
    throw Error(ErrorCode::kMissing,
                fmt::format("there is no {}: no training was begun there; give hepar train a dataset and -o",
                            file.string()));
  }
  const auto document = parse_json_file(file);
  const JsonNode root(document, file.string());
  if (root.at("format").text() != kFormat)
    root.at("format").fail(fmt::format("is not {}", kFormat), ErrorCode::kUnsupported);
  return {.dataset = root.at("dataset").text(),
          .preprocessed = root.at("preprocessed").text(),
          .configuration = root.at("configuration").text(),
          .test_data = root.has("test_data") ? root.at("test_data").text() : std::string()};
}

void write_run(const fs::path& folder, const TrainingRun& run) {
  nlohmann::ordered_json json{{"format", kFormat},
                              {"dataset", run.dataset.string()},
                              {"preprocessed", run.preprocessed.string()},
                              {"configuration", run.configuration},
                              {"test_data", nullptr}};
  if (!run.test_data.empty()) json["test_data"] = run.test_data.string();
  write_text_file(record_file(folder), json.dump(2) + "\n");
}

// One folder holds the folds of one dataset and one configuration.
void refuse_other_run(const TrainingRequest& request) {
  if (!fs::exists(record_file(request.run))) return;
  const TrainingRun there = read_run(request.run);
  if (there.dataset == absolute_path(request.dataset) && there.configuration == request.configuration) return;
  throw Error(ErrorCode::kInvalidInput,
              fmt::format("{} holds a training of {} on {}; name another output folder", request.run.string(),
                          there.configuration, there.dataset.string()));
}

fs::path find_or_make_plans(const TrainingRequest& request, const fs::path& preprocessed,
                            std::vector<std::string>& notes, Progress* progress) {
  const fs::path plans = preprocessed / "nnUNetPlans.json";
  if (fs::exists(plans)) return plans;
  if (request.planner == "small") return plan_small_dataset(request.dataset, preprocessed);
  PlannedDataset planned = plan_dataset(request.dataset, preprocessed, {}, progress);
  notes.insert(notes.end(), planned.notes.begin(), planned.notes.end());
  return planned.plans_file;
}

}  // namespace

ReadyTraining prepare_training(const TrainingRequest& request, Progress* progress) {
  const TrainingSet set = open_training_set(request.dataset);
  refuse_other_run(request);
  const fs::path preprocessed =
      absolute_path(request.preprocessed.empty() ? request.run / "preprocessed" : request.preprocessed);
  const ChosenSplits chosen = choose_splits(
      request.split, set.names(), {preprocessed / "splits_final.json", request.dataset / "splits_final.json"},
      request.fold);
  ReadyTraining ready{.run = {.dataset = absolute_path(request.dataset),
                              .preprocessed = {},
                              .configuration = request.configuration,
                              .test_data = absolute_path(request.test_data)},
                      .split = chosen.splits[request.fold],
                      .notes = chosen.notes};
  const auto add = [&](const std::vector<std::string>& notes) {
    ready.notes.insert(ready.notes.end(), notes.begin(), notes.end());
  };
  make_folder(request.run);
  write_run_splits(request.run, chosen.splits);
  add(refuse_leakage(set, ready.split, request.test_data, request.run / "leakage.json", progress));
  const fs::path plans = find_or_make_plans(request, preprocessed, ready.notes, progress);
  const PreparedDataset prepared =
      prepare_dataset(request.dataset, preprocessed, plans, request.configuration, progress);
  add(prepared.notes);
  ready.run.preprocessed = prepared.folder;
  write_run(request.run, ready.run);
  return ready;
}

ReadyTraining reopen_training(const fs::path& run, std::uint32_t fold, Progress* progress) {
  ReadyTraining ready{.run = read_run(run), .split = {}, .notes = {}};
  const std::vector<Split> splits = read_splits(run / "splits_final.json");
  if (fold >= splits.size() || !fs::is_directory(run / fmt::format("fold_{}", fold))) {
    throw Error(
        ErrorCode::kMissing,
        fmt::format("fold {} of {} was not begun, so it can't go on; start it with hepar train DATASET -o "
                    "{} --fold {}",
                    fold, run.string(), run.string(), fold));
  }
  ready.split = splits[fold];
  const TrainingSet set = open_training_set(ready.run.dataset);
  ready.notes = refuse_leakage(set, ready.split, ready.run.test_data, run / "leakage.json", progress);
  return ready;
}

}  // namespace hepar
