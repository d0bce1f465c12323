// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/lesion/lesion_filter.h"
#include "hepar/pipeline/ct_input.h"

namespace CLI {
class App;
}

namespace hepar {

// The options that `segment` and `filter` share.
void bind_ct_options(CLI::App& app, CtSource& ct);
void bind_lesion_options(CLI::App& app, LesionFilterOptions& options);

}  // namespace hepar
