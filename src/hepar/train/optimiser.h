// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "hepar/recipe/training_recipe.h"
#include "hepar/tensors/weights.h"

namespace hepar {

// Changes a network's parameters by their gradients. Its state is named tensors, so that a checkpoint holds
// it.
class Optimiser {
 public:
  virtual ~Optimiser() = default;
  // One update, after which no parameter has a gradient. Those without one stay, and have no state.
  virtual void step(double learning_rate) = 0;
  // Adds the state, copied to the host, under names that begin with the optimiser's: "sgd.momentum.NAME", or
  // "adam.m.NAME" and "adam.v.NAME".
  virtual void append_state(Weights& checkpoint) const = 0;
  // Takes back what append_state() gave after `steps` updates, to the bit. Error(kCorrupt) names what is
  // missing or has another shape.
  virtual void restore(const Weights& checkpoint, std::int64_t steps) = 0;
};

// The recipe's optimiser for these parameters, on any device, float32; the tensors are shared and must not be
// replaced. With w the parameter, g its gradient + weight_decay w, r the learning rate:
// "sgd": b = momentum b + g, at first b = g; w -= r (g + momentum b). Nesterov's momentum as in Sutskever et
// al., ICML 2013, in the form of torch.optim.SGD.
// "adam": Kingma & Ba, ICLR 2015, algorithm 1, with its beta 0.9 and 0.999 and eps 1e-8, as torch.optim.Adam.
std::unique_ptr<Optimiser> make_optimiser(const TrainingRecipe& recipe,
                                          const std::map<std::string, at::Tensor>& parameters);

// The norm of all gradients together, as if they were one vector. Where it is above `most`, they are scaled
// by most / (norm + 1e-6) (torch.nn.utils.clip_grad_norm_); most = 0: no limit. A norm that is not finite is
// given back and the gradients stay.
double clip_gradients(const std::map<std::string, at::Tensor>& parameters, double most);

// The recipe's learning rate in an epoch, counted from 0. "poly": nnU-Net
// training/lr_scheduler/polylr.py, exponent 0.9.
double learning_rate(const TrainingRecipe& recipe, std::int64_t epoch);

}  // namespace hepar
