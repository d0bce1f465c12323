// SPDX-License-Identifier: Apache-2.0
#include "hepar/cpu_kernels/training_rules.h"

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/cpu_kernels/winograd_kernels.h"

namespace hepar::cpu {
namespace {

const TileRule* find_rule(std::int64_t kernel, std::int64_t stride) {
  static constexpr TileRule kRules[] = {TileRule::kSingle, TileRule::kF2, TileRule::kStrided};
  for (const TileRule& rule : kRules)
    if (fits(rule, kernel, stride)) return &rule;
  return nullptr;
}

}  // namespace

bool has_training_rules(const Size3& kernel, const Size3& stride) {
  for (std::size_t axis = 0; axis < 3; ++axis)
    if (find_rule(kernel[axis], stride[axis]) == nullptr) return false;
  return true;
}

TileRules training_rules(const Size3& kernel, const Size3& stride) {
  HEPAR_EXPECT(has_training_rules(kernel, stride), "no rule for the convolution's kernel and stride");
  TileRules rules;
  for (std::size_t axis = 0; axis < 3; ++axis) rules[axis] = *find_rule(kernel[axis], stride[axis]);
  return rules;
}

std::unique_ptr<Convolution> make_training_convolution(const ConvolutionShape& shape,
                                                       const ConvolutionWeights& weights) {
  constexpr std::int64_t kGroupFloats = 96 * 1024, kRegisterTiles = 6;
  const TileRules rules = training_rules(shape.kernel, shape.stride);
  std::int64_t points = 1;
  for (const TileRule rule : rules) points *= axis_rule(rule).points;
  const std::int64_t group = kGroupFloats / (points * shape.in_channels) / kRegisterTiles * kRegisterTiles;
  return make_winograd(shape, rules, weights, std::clamp<std::int64_t>(group, kRegisterTiles, 48));
}

}  // namespace hepar::cpu
