// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/infer/model.h"
#include "hepar/nn_torch/torch_engine.h"

namespace hepar {

// Engines of libhepar-torch.so, which lies beside this program or where it is installed. Error(kMissing) when
// it is in neither place or can't be loaded, Error(kUnsupported) when it is of another version.
EngineFactory torch_engine_factory(const TorchEngineOptions& options);

}  // namespace hepar
