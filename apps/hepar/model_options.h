// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/nn/model_folder.h"

namespace CLI {
class App;
}

namespace hepar {

// --folds and --checkpoint, which every command that runs or converts a model has.
void bind_model_selection(CLI::App& app, ModelSelection& selection);

}  // namespace hepar
