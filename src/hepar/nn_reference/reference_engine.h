// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "hepar/nn/engine.h"
#include "hepar/tensors/weights.h"

namespace hepar {

// The network in plain loops and double precision, one thread; only the logits are rounded to float32.
// For tests: the cost is that of the arithmetic done one number at a time. Throws when the weights are
// not those of the network (check_weights).
std::unique_ptr<Engine> make_reference_engine(const NetworkSpec& spec, const Weights& weights);

}  // namespace hepar
