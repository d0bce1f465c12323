// SPDX-License-Identifier: Apache-2.0
#pragma once

// Engines for tests whose output is written down by the test.

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "hepar/core/random.h"
#include "hepar/windows/fold_engines.h"

namespace hepar {

using FakeNetwork = std::function<Tensor(const Tensor&)>;

class FakeEngine : public Engine {
 public:
  explicit FakeEngine(FakeNetwork answer) : answer_(std::move(answer)) {}
  Tensor run(const Tensor& input) override { return answer_(input); }

 private:
  FakeNetwork answer_;
};

inline std::vector<std::unique_ptr<Engine>> fake_folds(const std::vector<FakeNetwork>& networks) {
  std::vector<std::unique_ptr<Engine>> folds;
  for (const FakeNetwork& network : networks) folds.push_back(std::make_unique<FakeEngine>(network));
  return folds;
}

// Two heads: the input's first channel and minus twice that.
inline Tensor echo(const Tensor& input) {
  TensorShape shape = input.shape;
  shape.c = 2;
  Tensor output(shape);
  const auto voxels = static_cast<std::size_t>(shape.voxels());
  for (std::size_t n = 0; n < voxels; ++n) {
    output.values[n] = input.values[n];
    output.values[voxels + n] = -2 * input.values[n];
  }
  return output;
}

inline Tensor random_tensor(const TensorShape& shape, std::uint64_t seed) {
  Tensor tensor(shape);
  Random random(seed);
  for (float& value : tensor.values) value = static_cast<float>(random.normal());
  return tensor;
}

}  // namespace hepar
