// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "command.h"
#include "hepar/pipeline/phantom_cohort.h"

namespace hepar {

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
                app.add_option("-o,--output", request->output, "Folder to write")->required();
                app.add_option("--cases", request->cases, "Number of phantoms")
                    ->check(CLI::Range(1, 100000))
                    ->capture_default_str();
                app.add_option("--seed", request->seed, "Same seed, same bytes")->capture_default_str();
                app.add_option("--cysts", request->options.cysts, "none or some; default none")
                    ->transform(CLI::CheckedTransformer(kCysts));
                app.add_option("--necrotic", request->options.necrotic_probability,
                               "Share of the tumours that are necrotic, 0 to 1")
                    ->check(CLI::Range(0.0, 1.0))
                    ->capture_default_str();
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
              }};
}

}  // namespace hepar
