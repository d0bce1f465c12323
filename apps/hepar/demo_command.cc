// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>

#include "command.h"
#include "engine_choice.h"
#include "hepar/pipeline/demo.h"

namespace hepar {

Command make_demo_command() {
  auto request = std::make_shared<DemoRequest>();
  auto engine = std::make_shared<EngineChoice>();
  return {.name = "demo",
          .summary = "The main job on five made-up patients: segment, filter, compare with the truth.",
          .sources = {"Lin et al., Front. Oncol. 14:1423774, 2024, Table 2"},
          .bind =
              [request, engine](CLI::App& app) {
                app.add_option("-o,--output", request->output, "Folder to write")->capture_default_str();
                app.add_option("--cases", request->cases, "Number of phantoms")
                    ->check(CLI::Range(1, 1000))
                    ->capture_default_str();
                app.add_option("--seed", request->seed, "Which phantoms")->capture_default_str();
                app.add_option("-m,--model", request->model,
                               "Model folder; default: the one that comes with Hepar");
                bind_engine(app, *engine);
              },
          .run =
              [request, engine](Console& console) {
                if (request->model.empty()) request->model = default_model_folder();
                const DemoResult result = run_demo(*request, engine_factory(*engine), &console);
                if (console.json) console.result(demo_json(result));
                console.say(demo_text(result, request->output));
              }};
}

}  // namespace hepar
