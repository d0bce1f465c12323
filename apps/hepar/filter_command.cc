// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "case_options.h"
#include "command.h"
#include "hepar/core/error.h"
#include "hepar/pipeline/filter.h"

namespace hepar {

Command make_filter_command() {
  auto request = std::make_shared<FilterRequest>();
  auto choice = std::make_shared<LesionChoice>();
  auto dicom = std::make_shared<DicomChoice>();
  auto rois = std::make_shared<std::vector<std::string>>();
  return {.name = "filter",
          .summary = "Tell cysts from tumours in anyone's label map by the CT under every region.",
          .sources = {"paper's rule: Lin et al., Front. Oncol. 14:1423774, 2024, formula 2",
                      "evidence rule: docs/lesions.md, with the source of every constant"},
          .bind =
              [request, choice, dicom, rois](CLI::App& app) {
                bind_ct_options(app, request->ct);
                app.add_option("labels", request->labels, "Label map on the CT's grid, RTSTRUCT or SEG")
                    ->required();
                app.add_option("-o,--output", request->output,
                               fmt::format("Folder for {}; of a DICOM CT also {}", kCaseFiles, kDicomFiles));
                app.add_flag("--dry-run", request->dry_run, "Print a table of the regions and write nothing");
                app.add_option("--tumour-label", request->tumour_label,
                               "The value that means tumour in the label map")
                    ->check(CLI::Range(1, 255))
                    ->capture_default_str();
                bind_lesion_options(app, *choice);
                bind_dicom_options(app, *dicom);
                bind_roi_labels(app, *rois);
              },
          .run =
              [request, choice, dicom, rois](Console& console) {
                if (request->output.empty() && !request->dry_run) {
                  throw Error(ErrorCode::kInvalidInput, "give a folder to write to with -o, or --dry-run");
                }
                request->options = choice->resolved();
                request->dicom = dicom->resolved();
                request->rois = roi_labels(*rois);
                const CaseResult result = filter_case(*request, &console);
                if (console.json) console.result(case_json(result));
                console.say(request->dry_run ? case_table(result) : case_text(result, request->output));
              }};
}

}  // namespace hepar
