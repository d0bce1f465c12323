// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hepar/cpu_kernels/convolution.h"
#include "hepar/tensors/weights.h"

namespace hepar::cpu {

// Parameters of an instance norm with biased variance.
struct Affine {
  const NamedTensor& weight;
  const NamedTensor& bias;
};
struct NormShape {
  std::int64_t voxels;
  double eps, slope;
};

// Instance norm and leaky ReLU of maps in blocks. Statistics are summed in parts of fixed size, so that
// results do not depend on the number of threads.
class InstanceNorm {
 public:
  InstanceNorm(const NormShape& shape, const Affine& norm);
  float slope() const { return slope_; }

  // What the norm comes to, [block][mean, scale, shift][lane] (InputNorm): from the maps, or from the moments
  // that their convolution took.
  std::int64_t factor_count() const { return static_cast<std::int64_t>(weight_.size()) * 3; }
  void find_factors(const float* maps, float* factors) const;
  void find_factors_from_moments(const double* moments, std::int64_t rows, float* factors) const;

  // Norm and leaky ReLU, in place.
  void apply(const float* factors, float* maps) const;
  // The end of a residual block: maps = leaky_relu(norm(maps) + skip), where the skip goes through its own
  // factors unless they are null.
  void join(const float* factors, const float* skip, const float* skip_factors, float* maps) const;

 private:
  std::int64_t blocks() const { return static_cast<std::int64_t>(weight_.size()) / lanes_; }
  void set_factors(std::int64_t channel, double sum, double squares, float* factors) const;

  std::int64_t voxels_, lanes_;
  double eps_;
  float slope_;
  std::vector<float> weight_, bias_;  // in whole blocks
};

}  // namespace hepar::cpu
