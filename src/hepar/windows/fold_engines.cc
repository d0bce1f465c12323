// SPDX-License-Identifier: Apache-2.0
#include "hepar/windows/fold_engines.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// Sets of axes as bits: 1 d, 2 h, 4 w.
using AxisSet = unsigned;

// All subsets: by size, then as itertools.combinations lists them.
std::vector<AxisSet> subsets(const std::vector<int>& axes) {
  std::vector<AxisSet> sets;
  for (const AxisSet set : {0u, 1u, 2u, 4u, 3u, 5u, 6u, 7u}) {
    const auto given = std::count_if(axes.begin(), axes.end(), [&](int axis) { return set >> axis & 1u; });
    if (given == std::popcount(set)) sets.push_back(set);
  }
  return sets;
}

// One sample of a batch, mirrored.
struct Version {
  std::int64_t sample;
  AxisSet axes;
};

// Visits the rows along w of one sample: visit(first value of the row, that of the row which mirroring along
// d and h brings there).
template <class Visit>
void visit_rows(const TensorShape& s, AxisSet axes, const Visit& visit) {
  for (std::int64_t row = 0; row < s.c * s.d * s.h; ++row) {
    const std::int64_t h = row % s.h, d = row / s.h % s.d, c = row / s.h / s.d;
    const std::int64_t source_h = (axes & 2u) != 0 ? s.h - 1 - h : h;
    const std::int64_t source_d = (axes & 1u) != 0 ? s.d - 1 - d : d;
    visit(row * s.w, ((c * s.d + source_d) * s.h + source_h) * s.w);
  }
}

Tensor stack(const Tensor& patches, std::span<const Version> versions) {
  TensorShape shape = patches.shape;
  shape.n = static_cast<std::int64_t>(versions.size());
  Tensor result(shape);
  const std::int64_t size = shape.c * shape.voxels(), width = shape.w;
  float* sample = result.values.data();
  for (const auto& [number, axes] : versions) {
    const float* patch = patches.values.data() + number * size;
    visit_rows(shape, axes, [&, mirror_w = (axes & 4u) != 0](std::int64_t to, std::int64_t from) {
      if (mirror_w)
        std::reverse_copy(patch + from, patch + from + width, sample + to);
      else
        std::copy_n(patch + from, width, sample + to);
    });
    sample += size;
  }
  return result;
}

// Turns each version's logits back and adds them to its sample's sum.
void add_versions(const Tensor& logits, std::span<const Version> versions, Tensor& sums) {
  const TensorShape& shape = logits.shape;
  const std::int64_t size = shape.c * shape.voxels(), width = shape.w;
  const float* version = logits.values.data();
  for (const auto& [number, axes] : versions) {
    float* sum = sums.values.data() + number * size;
    visit_rows(shape, axes, [&, mirror_w = (axes & 4u) != 0](std::int64_t to, std::int64_t from) {
      for (std::int64_t n = 0; n < width; ++n) sum[to + n] += version[from + (mirror_w ? width - 1 - n : n)];
    });
    version += size;
  }
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

Tensor FoldEngines::run(std::size_t fold, const Tensor& patches, const std::vector<int>& mirror_axes) const {
  const std::lock_guard lock(busy_);
  Engine& engine = *folds_.at(fold);
  const auto sets = subsets(mirror_axes);
  std::vector<Version> versions;
  for (std::int64_t sample = 0; sample < patches.shape.n; ++sample)
    for (const AxisSet axes : sets) versions.push_back({sample, axes});
  Tensor mean;
  if (versions.size() == 1) {  // needs no copies
    mean = engine.run(patches);
    check_finite(mean);
    return mean;
  }
  for (std::size_t done = 0; done < versions.size();) {
    // Asked each time: an engine may find that its device holds fewer.
    const auto most = static_cast<std::size_t>(engine.preferred_samples());
    const auto batch = std::span(versions).subspan(done, std::min(most, versions.size() - done));
    const Tensor logits = engine.run(stack(patches, batch));
    if (mean.values.empty()) {
      TensorShape shape = logits.shape;
      shape.n = patches.shape.n;
      mean = Tensor(shape);
    }
    add_versions(logits, batch, mean);
    done += batch.size();
  }
  const auto count = static_cast<float>(sets.size());
  for (float& value : mean.values) value /= count;
  check_finite(mean);
  return mean;
}

}  // namespace hepar
