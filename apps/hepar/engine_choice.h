// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "hepar/pipeline/segment.h"

namespace CLI {
class App;
}

namespace hepar {

// The engine that this program runs networks with unless told otherwise.
EngineFactory cpu_engine_factory();

// --device: "cpu", Hepar's own engine; "cuda", LibTorch on a GPU; "libtorch", LibTorch on the processor.
void bind_device(CLI::App& app, std::string& device);
// The last two come from a plugin (torch_plugin.h, with its errors). A GPU convolves in float16, as nnU-Net
// does there, unless `exact`.
EngineFactory engine_factory(const std::string& device, bool exact);

// The model that comes with Hepar: beside the binary in a build tree, or in the install prefix
// (../share/hepar/models/demo, seen from the binary). Error(kMissing) naming the place when it is not there.
std::filesystem::path default_model_folder();

}  // namespace hepar
