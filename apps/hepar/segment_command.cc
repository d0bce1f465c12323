// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "case_options.h"
#include "command.h"
#include "engine_choice.h"
#include "hepar/pipeline/segment.h"
#include "model_options.h"

namespace hepar {

Command make_segment_command() {
  auto request = std::make_shared<SegmentRequest>();
  auto choice = std::make_shared<LesionChoice>();
  auto dicom = std::make_shared<DicomChoice>();
  auto engine = std::make_shared<EngineChoice>();
  return {.name = "segment",
          .summary = "Contour liver, tumours and cysts on one CT.",
          .sources = {"Network and inference: Isensee et al., Nat. Methods 18:203-211, 2021 (nnU-Net)",
                      "paper's rule: Lin et al., Front. Oncol. 14:1423774, 2024, formula 2",
                      "evidence rule: docs/lesions.md, with the source of every constant"},
          .bind =
              [request, choice, dicom, engine](CLI::App& app) {
                bind_ct_options(app, request->ct);
                app.add_option("-o,--output", request->output,
                               fmt::format("Folder for {}; of a DICOM CT also {}", kCaseFiles, kDicomFiles))
                    ->required();
                app.add_option(
                    "-m,--model", request->model,
                    "Model folder of nnU-Net v2 or of Hepar; default: the one that comes with Hepar");
                bind_model_selection(app, request->selection);
                app.add_flag("--mirror", request->inference.mirror,
                             "Average over mirrored patches where the model allows it: up to 8 times slower");
                bind_step(app, request->inference.step_fraction);
                bind_search(app, request->inference.search, true);
                bind_device(app, *engine);
                bind_engine(app, *engine);
                app.add_option("--tumour-label", request->tumour_labels,
                               "Names or values of the model's liver tumours; default: found by their names")
                    ->delimiter(',')
                    ->allow_extra_args(false)
                    ->type_name("NAME,..");
                bind_lesion_options(app, *choice);
                bind_dicom_options(app, *dicom);
              },
          .run =
              [request, choice, dicom, engine](Console& console) {
                if (request->model.empty()) request->model = default_model_folder();
                request->options = choice->resolved();
                request->dicom = dicom->resolved();
                request->device = engine->device;
                request->engine = engine->rounding;
                const SegmentResult result = segment_case(*request, engine_factory(*engine), &console);
                if (console.json) console.result(segment_json(result));
                console.say(segment_text(result, request->output));
              }};
}

}  // namespace hepar
