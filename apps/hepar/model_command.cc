// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "command.h"
#include "hepar/core/error.h"
#include "hepar/core/version.h"
#include "hepar/pipeline/convert_model.h"
#include "hepar/pipeline/model_info.h"
#include "model_options.h"

namespace hepar {
namespace {

struct InfoArguments {
  std::filesystem::path model;
  ModelSelection selection;
};

Command make_info_command() {
  auto arguments = std::make_shared<InfoArguments>();
  return {
      .name = "info",
      .summary = "What a model is: labels, spacing, patch, parameters, epochs, scores.",
      .sources = {},
      .bind =
          [arguments](CLI::App& app) {
            app.add_option("MODEL", arguments->model, "Model folder of nnU-Net v2 or of Hepar")->required();
            bind_model_selection(app, arguments->selection);
          },
      .run =
          [arguments](Console& console) {
            const ModelInfo info = model_info(arguments->model, arguments->selection);
            if (console.json) console.result(model_info_json(info));
            console.say(model_info_text(info));
          }};
}

void run_conversion(const ConvertRequest& request, Console& console) {
  const std::vector<std::string> files = convert_model(request);
  if (console.json) {
    console.result(nlohmann::ordered_json{{"format", "hepar.conversion/1"}, {"files", files}}.dump(1));
  }
  console.say(
      fmt::format("written to {}: {}.\n{}", request.output.string(), fmt::join(files, ", "), kDisclaimer));
}

Command make_convert_model_command() {
  auto request = std::make_shared<ConvertRequest>();
  return {.name = "convert",
          .summary = "Bring a model from nnU-Net's form to Hepar's or back; weights are not changed.",
          .sources = {},
          .bind =
              [request](CLI::App& app) {
                static const std::map<std::string, ModelForm> kForms{{"hepar", ModelForm::kHepar},
                                                                     {"nnunet", ModelForm::kNnunet}};
                app.add_option("MODEL", request->model, "Model folder of nnU-Net v2 or of Hepar")->required();
                app.add_option("-o,--output", request->output, "Folder to write")->required();
                app.add_option("--to", request->to,
                               "hepar: safetensors; nnunet: checkpoints that Python nnU-Net loads")
                    ->transform(CLI::CheckedTransformer(kForms).description("hepar or nnunet"))
                    ->default_str("hepar");
                bind_model_selection(app, request->selection);
              },
          .run = [request](Console& console) { run_conversion(*request, console); }};
}

}  // namespace

Command make_model_command() {
  return {.name = "model",
          .summary = "Look into a model or convert it.",
          .sources = {"nnU-Net v2, github.com/MIC-DKFZ/nnUNet"},
          .bind = [](CLI::App& app) { app.require_subcommand(1); },
          .run = [](Console&) {},
          .definitions = {},
          .subcommands = {make_info_command(), make_convert_model_command()}};
}

}  // namespace hepar
