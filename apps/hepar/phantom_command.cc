// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "case_options.h"
#include "command.h"
#include "hepar/pipeline/insertion_case.h"
#include "hepar/pipeline/phantom_cohort.h"

namespace hepar {
namespace {

void bind_insertion(CLI::App& app, InsertionRequest& request) {
  bind_ct_options(app, request.ct);
  app.add_option("labels", request.labels, "Label map on the CT's grid: 1 liver, 2 tumour, 3 cyst")
      ->required();
  app.add_option("-o,--output", request.output,
                 "Folder for ct.nii.gz, truth.nii.gz, contoured.nii.gz, truth.json and overview.png")
      ->required();
  InsertionOptions& options = request.options;
  const auto add = [&app](const char* name, auto& value, const char* help) {
    app.add_option(name, value, help)->capture_default_str();
  };
  add("--cysts", options.cysts, "Number of cysts");
  add("--tumours", options.tumours, "Number of solid tumours");
  add("--necrotic", options.necrotic, "Number of tumours with a necrotic core");
  add("--hypodense", options.hypodense, "Number of evenly dark tumours");
  add("--calcified", options.calcified, "Number of tumours with calcifications");
  add("--touching", options.touching, "Number of pairs of a tumour and a cyst that share a border");
  add("--smallest-mm", options.smallest_mm, "Smallest diameter");
  add("--largest-mm", options.largest_mm, "Largest diameter");
  add("--contour-error-mm", options.contour_error_mm, "How far off contoured.nii.gz is (standard deviation)");
  add("--seed", request.seed, "Same seed, same bytes");
}

Command make_insert_command() {
  auto request = std::make_shared<InsertionRequest>();
  return {.name = "insert",
          .summary = "Put lesions with exact truth into a real liver, with the scan's own blur and noise.",
          .sources = {"HU, sizes and method: docs of the phantom module (src/hepar/phantom/README.md)"},
          .bind = [request](CLI::App& app) { bind_insertion(app, *request); },
          .run =
              [request](Console& console) {
                const TruthCase truth = insert_case(*request, &console);
                if (console.json) console.result(truth_json(request->seed, {truth}));
                console.say(insertion_text(truth, request->output));
              }};
}

}  // namespace

Command make_phantom_command() {
  auto request = std::make_shared<PhantomCohortRequest>();
  return {.name = "phantom",
          .summary = "Make a cohort of synthetic abdominal CTs with exact truth, as an nnU-Net dataset.",
          .sources = {"HU and sizes: docs of the phantom module (src/hepar/phantom/README.md)"},
          .bind =
              [request](CLI::App& app) {
                static const std::map<std::string, PhantomSize> kSizes{{"small", PhantomSize::kSmall},
                                                                       {"full", PhantomSize::kFull}};
                static const std::map<std::string, CystContent> kCysts{{"none", CystContent::kNone},
                                                                       {"some", CystContent::kSome}};
                CLI::Option* output =
                    app.add_option("-o,--output", request->output, "Folder to write")->required();
                // `phantom insert` has an output of its own.
                app.get_subcommand("insert")->preparse_callback(
                    [output](std::size_t) { output->required(false); });
                app.add_option("--cases", request->cases, "Number of phantoms")
                    ->check(CLI::Range(1, 100000))
                    ->capture_default_str();
                app.add_option("--seed", request->seed, "Same seed, same bytes")->capture_default_str();
                app.add_flag("--dicom", request->dicom, "Write each CT as a DICOM series, too: dicom/NAME");
                app.add_option("--cysts", request->options.cysts, "none or some; default none")
                    ->transform(CLI::CheckedTransformer(kCysts));
                app.add_option("--necrotic", request->options.necrotic_probability,
                               "Share of the tumours that are necrotic, 0 to 1")
                    ->check(CLI::Range(0.0, 1.0))
                    ->capture_default_str();
                static const std::map<std::string, ContrastPhase> kPhases{
                    {"late_arterial", ContrastPhase::kLateArterial},
                    {"portal_venous", ContrastPhase::kPortalVenous},
                    {"delayed", ContrastPhase::kDelayed},
                    {"unenhanced", ContrastPhase::kUnenhanced}};
                app.add_option("--phase", request->options.phase,
                               "late_arterial, portal_venous, delayed or unenhanced; default: drawn, mostly "
                               "portal venous")
                    ->transform(CLI::CheckedTransformer(kPhases));
                app.add_option("--slice-mm", request->options.slice_thickness_mm,
                               "Slice thickness; default: drawn")
                    ->check(CLI::Range(0.5, 10.0));
                app.add_option("--noise-hu", request->options.noise_sd_hu,
                               "Noise (SD) in the middle; default: drawn")
                    ->check(CLI::Range(0.0, 100.0));
                app.add_option("--size", request->options.size,
                               "small (128 x 128) or full (512 x 512); default small")
                    ->transform(CLI::CheckedTransformer(kSizes));
              },
          .run =
              [request](Console& console) {
                write_phantom_cohort(*request, &console);
                if (console.json) {
                  console.result(fmt::format(R"({{"format": "hepar.phantom/1", "cases": {}, "seed": {}}})",
                                             request->cases, request->seed));
                }
                console.say(fmt::format("{} phantoms in {} (imagesTr, labelsTr, dataset.json, truth.json)",
                                        request->cases, request->output.string()));
              },
          .subcommands = {make_insert_command()}};
}

}  // namespace hepar
