// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "command.h"
#include "hepar/core/error.h"
#include "hepar/pipeline/plan_dataset.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

struct PlanRequest {
  fs::path dataset, output, fingerprint, dataset_json;
  PlannerOptions options;
};

const std::map<std::string, PlannerPreset> kPresets{{"default", PlannerPreset::kDefault},
                                                    {"resenc-m", PlannerPreset::kResEncM},
                                                    {"resenc-l", PlannerPreset::kResEncL},
                                                    {"resenc-xl", PlannerPreset::kResEncXl}};

PlannedDataset plan(const PlanRequest& request, Console& console) {
  if (!request.dataset.empty()) {
    if (!request.fingerprint.empty() || !request.dataset_json.empty()) {
      throw Error(ErrorCode::kInvalidInput,
                  "give either a dataset or --fingerprint and --dataset-json, not both");
    }
    const fs::path output = request.output.empty() ? preprocessed_folder(request.dataset) : request.output;
    return plan_dataset(request.dataset, output, request.options, &console);
  }
  if (request.fingerprint.empty() || request.dataset_json.empty() || request.output.empty()) {
    throw Error(ErrorCode::kInvalidInput,
                "give a dataset, or --fingerprint, --dataset-json and -o with the plans file to write");
  }
  return plan_fingerprint(request.fingerprint, request.dataset_json, request.output, request.options);
}

void bind(CLI::App& app, PlanRequest& request) {
  app.add_option("DATASET", request.dataset, "Folder with dataset.json, imagesTr and labelsTr");
  app.add_option("-o,--output", request.output,
                 "Folder to write, default preprocessed/NAME beside the dataset; with --fingerprint the "
                 "plans file");
  app.add_option("--preset", request.options.preset,
                 "Network to plan; default as nnU-Net's ExperimentPlanner")
      ->transform(CLI::CheckedTransformer(kPresets).description("default, resenc-m, resenc-l or resenc-xl"));
  app.add_option("--gpu-memory-gb", request.options.gpu_memory_gb,
                 "Memory that training may take, default 8, with resenc-l 24, with resenc-xl 40");
  app.add_option("--plans-name", request.options.plans_name,
                 "Name of the plans, default as nnU-Net names the preset's");
  app.add_option("--fingerprint", request.fingerprint,
                 "dataset_fingerprint.json to plan by, instead of a dataset");
  app.add_option("--dataset-json", request.dataset_json, "dataset.json that goes with it");
}

}  // namespace

Command make_plan_command() {
  auto request = std::make_shared<PlanRequest>();
  return {.name = "plan",
          .summary = "Plan an nnU-Net dataset: its fingerprint and plans.json, as nnU-Net v2 plans it.",
          .sources = {"Isensee et al., Nat. Methods 18:203-211, 2021 (nnU-Net)",
                      "presets: Isensee et al., MICCAI 2024, arXiv:2404.09556"},
          .bind = [request](CLI::App& app) { bind(app, *request); },
          .run =
              [request](Console& console) {
                const PlannedDataset planned = plan(*request, console);
                console.end_progress();
                for (const std::string& note : planned.notes) console.note(note);
                if (console.json) console.result(plan_json(planned));
                console.say(plan_text(planned));
              }};
}

}  // namespace hepar
