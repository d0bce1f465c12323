// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>

#include "command.h"
#include "hepar/pipeline/evaluate.h"

namespace hepar {
namespace {
struct EvaluateRequest {
  std::string prediction, reference;
};
}  // namespace

Command make_evaluate_command() {
  auto request = std::make_shared<EvaluateRequest>();
  return {
      .name = "evaluate",
      .summary = "Compare label maps with a reference: DSC and surface distances of liver, tumour and cyst.",
      .sources = {"DSC and HD95 as in Lin et al., Front. Oncol. 14:1423774, 2024",
                  "hd95_mm: the larger of the two directed 95th percentiles over surface voxels; "
                  "hd95_pooled_mm: both directions pooled; hd95_area_weighted_mm: surface elements weighted "
                  "by area"},
      .bind =
          [request](CLI::App& app) {
            app.add_option("prediction", request->prediction, "Label map, or a folder of them")->required();
            app.add_option("reference", request->reference, "Label map, or a folder with the same names")
                ->required();
          },
      .run =
          [request](Console& console) {
            const Evaluation evaluation = evaluate(request->prediction, request->reference, &console);
            for (const std::string& note : evaluation.notes) console.note(note);
            if (console.json) {
              console.result(evaluation_json(evaluation));
            } else {
              console.say(evaluation_text(evaluation));
            }
          }};
}

}  // namespace hepar
