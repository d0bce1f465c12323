// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "hepar/lesion/lesion_filter.h"
#include "hepar/pipeline/ct_input.h"

namespace CLI {
class App;
}

namespace hepar {

// The options that `segment` and `filter` share.
void bind_ct_options(CLI::App& app, CtSource& ct);
// `options` of the filter, and a site's own thresholds.
struct LesionChoice {
  LesionFilterOptions options;
  std::filesystem::path site;
  // The options with the site's thresholds read.
  LesionFilterOptions resolved() const;
};
void bind_lesion_options(CLI::App& app, LesionChoice& choice);

}  // namespace hepar
