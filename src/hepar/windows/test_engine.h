// SPDX-License-Identifier: Apache-2.0
#pragma once

// Engines for tests whose output is written down by the test.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "hepar/core/random.h"
#include "hepar/windows/fold_engines.h"

namespace hepar {

using FakeNetwork = std::function<Tensor(const Tensor&)>;

// Answers one sample at a time; `most_seen`, if given, becomes the largest number of samples in one call.
class FakeEngine : public Engine {
 public:
  explicit FakeEngine(FakeNetwork answer, std::int64_t preferred = 1, std::int64_t* most_seen = nullptr)
      : answer_(std::move(answer)), preferred_(preferred), most_seen_(most_seen) {}
  std::int64_t preferred_samples() const override { return preferred_; }
  Tensor run(const Tensor& input) override {
    if (most_seen_ != nullptr) *most_seen_ = std::max(*most_seen_, input.shape.n);
    if (input.shape.n == 1) return answer_(input);
    TensorShape shape = input.shape;
    shape.n = 1;
    Tensor outputs;
    for (std::int64_t n = 0; n < input.shape.n; ++n) {
      Tensor sample(shape);
      std::copy_n(input.values.begin() + n * shape.count(), shape.count(), sample.values.begin());
      const Tensor output = answer_(sample);
      outputs.shape = output.shape;
      outputs.values.insert(outputs.values.end(), output.values.begin(), output.values.end());
    }
    outputs.shape.n = input.shape.n;
    return outputs;
  }

 private:
  FakeNetwork answer_;
  std::int64_t preferred_;
  std::int64_t* most_seen_;
};

inline std::vector<std::unique_ptr<Engine>> fake_folds(const std::vector<FakeNetwork>& networks,
                                                       std::int64_t preferred = 1,
                                                       std::int64_t* most_seen = nullptr) {
  std::vector<std::unique_ptr<Engine>> folds;
  for (const FakeNetwork& network : networks)
    folds.push_back(std::make_unique<FakeEngine>(network, preferred, most_seen));
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
