// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/nn/network_spec.h"
#include "hepar/nn/tensor.h"
#include "hepar/tensors/weights.h"

namespace hepar {

// Runs one trained network. nn_reference (plain loops in double) is the oracle: every other engine passes
// the same conformance suite against it.
class Engine {
 public:
  virtual ~Engine() = default;
  // input (N, C, D, H, W), sizes multiples of NetworkSpec::size_divisor(); returns the full-resolution
  // logits (N, heads, D, H, W), no sigmoid or softmax. Throws Error(kInvalidInput) for another shape.
  // One caller at a time.
  virtual Tensor run(const Tensor& input) = 0;
  // How many samples of one call run fastest: more than one on devices that single patches do not fill.
  virtual std::int64_t preferred_samples() const { return 1; }
};

// Throws Error(kInvalidInput) with the shape seen and wanted unless `shape` can be an input of the network.
void check_input(const NetworkSpec& spec, const TensorShape& shape);

// Gives each convolution and transposed convolution without a bias one of zeros, so that an engine needs to
// know one kind only.
void add_zero_biases(const NetworkSpec& spec, Weights& weights);

}  // namespace hepar
