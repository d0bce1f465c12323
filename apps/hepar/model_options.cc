// SPDX-License-Identifier: Apache-2.0
#include "model_options.h"

#include <CLI/CLI.hpp>

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

}  // namespace hepar
