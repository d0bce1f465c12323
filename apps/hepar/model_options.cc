// SPDX-License-Identifier: Apache-2.0
#include "model_options.h"

#include <CLI/CLI.hpp>
#include <map>
#include <string>

namespace hepar {

void bind_model_selection(CLI::App& app, ModelSelection& selection) {
  app.add_option("--folds", selection.folds,
                 "Folds that vote, such as 0,1 or all; default: every fold_K of the model, else fold_all")
      ->delimiter(',')
      ->allow_extra_args(false)  // a name that follows is the command's
      ->type_name("K,..");
  app.add_option("--checkpoint", selection.checkpoint,
                 "Which weights of each fold, such as checkpoint_best; default checkpoint_final");
}

void bind_step(CLI::App& app, double& step_fraction) {
  app.add_option("--step", step_fraction, "Distance of neighbouring windows in patches")
      ->check(CLI::Range(0.05, 1.0))
      ->capture_default_str();
}

void bind_search(CLI::App& app, Search& search, bool has_liver) {
  static const std::map<std::string, Search> kAll{
      {"full", Search::kFull}, {"body", Search::kBody}, {"liver", Search::kLabels}};
  static const std::map<std::string, Search> kWithoutLiver{{"full", Search::kFull}, {"body", Search::kBody}};
  app.add_option(
         "--search", search,
         has_liver
             ? "Which windows run: full, all; body, all but those in which nothing is above -500 HU or, "
               "where that is higher, the HU at which the model's plan clips; liver, of these the "
               "ones near the liver that a coarse pass finds; default liver"
             : "Which windows run: full, all, the default; body, all but those in which nothing is "
               "above -500 HU or, where that is higher, the HU at which the model's plan clips (CT "
               "models of one channel; a note tells how many ran)")
      ->transform(CLI::CheckedTransformer(has_liver ? kAll : kWithoutLiver)
                      .description(has_liver ? "full, body or liver" : "full or body"))
      ->type_name("WHERE");
}

}  // namespace hepar
