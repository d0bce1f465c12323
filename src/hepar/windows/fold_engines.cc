// SPDX-License-Identifier: Apache-2.0
#include "hepar/windows/fold_engines.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// Sets of axes as bits: 1 d, 2 h, 4 w.
using AxisSet = unsigned;

// All subsets but the empty one: by size, then as itertools.combinations lists them.
std::vector<AxisSet> subsets(const std::vector<int>& axes) {
  std::vector<AxisSet> sets;
  for (const AxisSet set : {1u, 2u, 4u, 3u, 5u, 6u, 7u}) {
    const auto given = std::count_if(axes.begin(), axes.end(), [&](int axis) { return set >> axis & 1u; });
    if (given == std::popcount(set)) sets.push_back(set);
  }
  return sets;
}

Tensor mirrored(const Tensor& tensor, AxisSet axes) {
  Tensor result(tensor.shape);
  const TensorShape& s = tensor.shape;
  for (std::int64_t row = 0; row < s.c * s.d * s.h; ++row) {
    const std::int64_t h = row % s.h, d = row / s.h % s.d, c = row / s.h / s.d;
    const std::int64_t source_h = (axes & 2u) != 0 ? s.h - 1 - h : h;
    const std::int64_t source_d = (axes & 1u) != 0 ? s.d - 1 - d : d;
    const auto source = tensor.values.begin() + ((c * s.d + source_d) * s.h + source_h) * s.w;
    const auto target = result.values.begin() + row * s.w;
    (axes & 4u) != 0 ? std::reverse_copy(source, source + s.w, target) : std::copy_n(source, s.w, target);
  }
  return result;
}

void check_finite(const Tensor& logits) {
  if (std::all_of(logits.values.begin(), logits.values.end(), [](float v) { return std::isfinite(v); }))
    return;
  throw Error(
      ErrorCode::kCorrupt,
      "the network's output is not finite; the model's weights or its intensity constants are damaged");
}

}  // namespace

FoldEngines::FoldEngines(std::vector<std::unique_ptr<Engine>> folds) : folds_(std::move(folds)) {
  HEPAR_EXPECT(!folds_.empty(), "no engine");
}

Tensor FoldEngines::run(std::size_t fold, const Tensor& patch, const std::vector<int>& mirror_axes) const {
  const std::lock_guard lock(busy_);
  Engine& engine = *folds_.at(fold);
  Tensor mean = engine.run(patch);
  const auto sets = subsets(mirror_axes);
  for (const AxisSet set : sets) {
    const Tensor logits = mirrored(engine.run(mirrored(patch, set)), set);
    for (std::size_t n = 0; n < mean.values.size(); ++n) mean.values[n] += logits.values[n];
  }
  if (!sets.empty()) {
    const auto count = static_cast<float>(sets.size() + 1);
    for (float& value : mean.values) value /= count;
  }
  check_finite(mean);
  return mean;
}

}  // namespace hepar
