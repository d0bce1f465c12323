// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "hepar/nn_cpu/cpu_engine.h"
#include "hepar/pipeline/segment.h"

namespace CLI {
class App;
}

namespace hepar {

// What runs the networks.
struct EngineChoice {
  std::string device =
      "cpu";  // "cpu", Hepar's own engine; "cuda", "libtorch": LibTorch on a GPU, on the processor
  std::string rounding = "default";  // "exact": none coarser than that of float32 sums
};
// --device and --engine.
void bind_device(CLI::App& app, EngineChoice& choice);
void bind_engine(CLI::App& app, EngineChoice& choice);

// LibTorch comes from a plugin (torch_plugin.h, with its errors). "exact" leaves out F(4,3)^3 on the
// processor and float16 on a GPU, in which nnU-Net convolves there.
EngineFactory engine_factory(const EngineChoice& choice);

// Where the CPU engine keeps what it found out about this machine: $XDG_CACHE_HOME/hepar/tuning.json,
// ~/.cache/hepar/tuning.json where that is not set to an absolute path, nowhere (empty) without a home
// (specifications.freedesktop.org, XDG Base Directory Specification 0.8).
std::filesystem::path default_tuning_file();

// The model that comes with Hepar: beside the binary in a build tree, or in the install prefix
// (../share/hepar/models/demo, seen from the binary). Error(kMissing) naming the place when it is not there.
std::filesystem::path default_model_folder();

}  // namespace hepar
