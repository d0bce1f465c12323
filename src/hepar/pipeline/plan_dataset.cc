// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/plan_dataset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <set>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/pipeline/training_set.h"
#include "hepar/plan/default_plan.h"
#include "hepar/plan/fingerprint.h"
#include "hepar/plan/splits.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

Fingerprint make_fingerprint(const TrainingSet& set, std::vector<std::string>& notes, Progress* progress) {
  FingerprintBuilder builder(set.cases.size(), set.facts.channel_names.size());
  for (std::size_t n = 0; n < set.cases.size(); ++n) {
    report(progress, "fingerprint", static_cast<double>(n) / static_cast<double>(set.cases.size()));
    const TrainingScan scan = read_training_scan(set, set.cases[n]);
    builder.add(scan.channels, scan.labels);
    notes.insert(notes.end(), scan.notes.begin(), scan.notes.end());
  }
  report(progress, "fingerprint", 1);
  return builder.finish();
}

// An edited split is kept, and so is one that comes with the dataset.
void write_missing_splits(const TrainingSet& set, const fs::path& file) {
  if (fs::exists(file)) return;
  const fs::path own = set.folder / "splits_final.json";
  write_splits(file, fs::exists(own) ? read_splits(own) : cross_validation_splits(set.names()));
}

// Replaces plans, but keeps the configurations that a user added to them, as nnU-Net's planner does.
void write_plans(const fs::path& file, const std::string& text) {
  using Json = nlohmann::ordered_json;
  if (!fs::exists(file)) return write_text_file(file, text);
  const Json old = Json::parse(read_text_file(file), nullptr, false);
  Json plans = Json::parse(text);
  const std::set<std::string> planned{"2d", "3d_lowres", "3d_fullres", "3d_cascade_fullres"};
  if (old.is_object() && old.contains("configurations") && old["configurations"].is_object()) {
    for (const auto& [name, configuration] : old["configurations"].items()) {
      if (!planned.contains(name)) plans["configurations"][name] = configuration;
    }
  }
  write_text_file(file, plans.dump(4, ' ', true));
}

}  // namespace

fs::path preprocessed_folder(const fs::path& dataset) {
  return fs::absolute(dataset / ".").lexically_normal().parent_path().parent_path() / "preprocessed" /
         last_name(dataset);
}

PlannedDataset plan_dataset(const fs::path& dataset, const fs::path& output, const PlannerOptions& options,
                            Progress* progress) {
  const TrainingSet set = open_training_set(dataset);
  PlannedDataset planned;
  if (static_cast<std::size_t>(set.facts.training_cases) != set.cases.size()) {
    planned.notes.push_back(
        fmt::format("dataset.json says numTraining {}, imagesTr has {} cases; the plan follows dataset.json.",
                    set.facts.training_cases, set.cases.size()));
  }
  const Fingerprint fingerprint = make_fingerprint(set, planned.notes, progress);
  planned.plan = plan_experiment(fingerprint, set.facts, options);
  make_folder(output);
  planned.plans_file = output / (planned.plan.plans_name + ".json");
  write_fingerprint(output / "dataset_fingerprint.json", fingerprint);
  write_text_file(output / "dataset.json", read_text_file(dataset / "dataset.json"));
  write_missing_splits(set, output / "splits_final.json");
  write_plans(planned.plans_file, planned.plan.plans_json);
  return planned;
}

fs::path plan_small_dataset(const fs::path& dataset, const fs::path& output) {
  const TrainingSet set = open_training_set(dataset);
  ModelPlan plan = default_plan();
  if (set.facts.channel_names.size() != 1) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("the small network sees one CT channel, {} has {}; plan it with --planner nnunet",
                            (dataset / "dataset.json").string(), set.facts.channel_names.size()));
  }
  plan.network.heads = set.labels.heads();
  make_folder(output);
  write_text_file(output / "dataset.json", read_text_file(dataset / "dataset.json"));
  write_missing_splits(set, output / "splits_final.json");
  const fs::path file = output / "nnUNetPlans.json";
  write_plan(file, plan, last_name(dataset));
  return file;
}

PlannedDataset plan_fingerprint(const fs::path& fingerprint, const fs::path& dataset_json,
                                const fs::path& plans_file, const PlannerOptions& options) {
  const std::string name = last_name(fs::absolute(dataset_json).parent_path());
  PlannedDataset planned;
  planned.plan =
      plan_experiment(read_fingerprint(fingerprint), read_dataset_facts(dataset_json, name), options);
  planned.plans_file = plans_file;
  write_plans(plans_file, planned.plan.plans_json);
  return planned;
}

std::string plan_text(const PlannedDataset& planned) {
  std::string text = fmt::format("{:<12} {:<24} {:<16} {:>5} {:>6} {:>9}\n", "", "spacing mm", "patch",
                                 "batch", "stages", "memory GB");
  for (const PlannedConfiguration& plan : planned.plan.configurations) {
    text += fmt::format("{:<12} {:<24} {:<16} {:>5} {:>6} {:>9.1f}\n", plan.name,
                        fmt::format("{:.3g}", fmt::join(plan.spacing_mm, " x ")),
                        fmt::format("{}", fmt::join(plan.topology.patch_size, " x ")), plan.batch_size,
                        plan.topology.strides.size(), plan.gpu_memory_gb);
  }
  return text + fmt::format("Plans: {}", planned.plans_file.string());
}

std::string plan_json(const PlannedDataset& planned) {
  nlohmann::ordered_json configurations = nlohmann::ordered_json::object();
  for (const PlannedConfiguration& plan : planned.plan.configurations) {
    configurations[plan.name] = {
        {"spacing_mm", plan.spacing_mm},          {"median_size", plan.median_size},
        {"patch_size", plan.topology.patch_size}, {"batch_size", plan.batch_size},
        {"stages", plan.topology.strides.size()}, {"gpu_memory_gb", plan.gpu_memory_gb}};
  }
  const nlohmann::ordered_json json{{"plans", planned.plans_file.string()},
                                    {"plans_name", planned.plan.plans_name},
                                    {"configurations", configurations},
                                    {"notes", planned.notes}};
  return json.dump(2);
}

}  // namespace hepar
