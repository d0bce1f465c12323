// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <string>

#include "hepar/tensors/weights.h"

namespace hepar {

// Adam with bias correction; Kingma & Ba, ICLR 2015, algorithm 1, with its default constants. Our own
// few lines instead of torch::optim's, so that its state is a plain set of named tensors.
class Adam {
 public:
  explicit Adam(const std::map<std::string, at::Tensor>& parameters);
  // One update from the parameters' gradients, which are cleared.
  void step(double learning_rate);
  // Moments as "adam.m.NAME" and "adam.v.NAME".
  void append_state(Weights& checkpoint) const;
  // Takes them back as after `steps` updates. Error(kCorrupt) names what is not there.
  void restore(const Weights& checkpoint, std::int64_t steps);

 private:
  struct Slot {
    at::Tensor parameter, first_moment, second_moment;
  };
  std::map<std::string, Slot> slots_;
  std::int64_t steps_ = 0;
};

}  // namespace hepar
