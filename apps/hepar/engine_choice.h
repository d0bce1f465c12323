// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "hepar/pipeline/segment.h"

namespace hepar {

// The engine that this program runs networks with.
EngineFactory cpu_engine_factory();

// The model that comes with Hepar: beside the binary in a build tree, or in the install prefix
// (../share/hepar/models/demo, seen from the binary). Error(kMissing) naming the place when it is not there.
std::filesystem::path default_model_folder();

}  // namespace hepar
