// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/infer/search.h"
#include "hepar/nn/model_folder.h"

namespace CLI {
class App;
}

namespace hepar {

// --folds and --checkpoint, which every command that runs or converts a model has.
void bind_model_selection(CLI::App& app, ModelSelection& selection);

// --step: distance of neighbouring windows.
void bind_step(CLI::App& app, double& step_fraction);

// --search: full and body, and with a liver to look for, liver.
void bind_search(CLI::App& app, Search& search, bool has_liver);

}  // namespace hepar
