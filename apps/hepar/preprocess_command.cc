// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "command.h"
#include "hepar/pipeline/plan_dataset.h"
#include "hepar/pipeline/prepare_dataset.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

struct PreprocessRequest {
  fs::path dataset, output, plans;
  std::string configuration = "3d_fullres";
};

PreparedDataset prepare(const PreprocessRequest& request, Console& console) {
  const fs::path output = request.output.empty() ? preprocessed_folder(request.dataset) : request.output;
  fs::path plans = request.plans.empty() ? output / "nnUNetPlans.json" : request.plans;
  if (request.plans.empty() && !fs::exists(plans)) {
    plans = plan_dataset(request.dataset, output, {}, &console).plans_file;
  }
  return prepare_dataset(request.dataset, output, plans, request.configuration, &console);
}

std::string prepared_json(const PreparedDataset& prepared) {
  const nlohmann::ordered_json json{{"folder", prepared.folder.string()},
                                    {"cases", prepared.cases},
                                    {"already_there", prepared.already_there},
                                    {"notes", prepared.notes}};
  return json.dump(2);
}

}  // namespace

Command make_preprocess_command() {
  auto request = std::make_shared<PreprocessRequest>();
  return {.name = "preprocess",
          .summary = "Preprocess an nnU-Net dataset for training, as nnU-Net v2 does.",
          .sources = {"Isensee et al., Nat. Methods 18:203-211, 2021 (nnU-Net)"},
          .bind =
              [request](CLI::App& app) {
                app.add_option("DATASET", request->dataset, "Folder with dataset.json, imagesTr and labelsTr")
                    ->required();
                app.add_option("-o,--output", request->output,
                               "Folder to write, default preprocessed/NAME beside the dataset");
                app.add_option("--plans", request->plans,
                               "Plans to follow, default nnUNetPlans.json in the output folder, planned "
                               "first when it is not there");
                app.add_option("--configuration", request->configuration, "Configuration of the plans")
                    ->capture_default_str();
              },
          .run =
              [request](Console& console) {
                const PreparedDataset prepared = prepare(*request, console);
                console.end_progress();
                for (const std::string& note : prepared.notes) console.note(note);
                if (console.json) console.result(prepared_json(prepared));
                console.say(fmt::format("Cases: {}, of which {} were there. Folder: {}", prepared.cases,
                                        prepared.already_there, prepared.folder.string()));
              }};
}

}  // namespace hepar
