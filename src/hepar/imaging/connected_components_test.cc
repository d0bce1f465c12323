// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/connected_components.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"

namespace hepar {
namespace {

LabelMap random_map(Int3 size, double density, std::uint64_t seed) {
  LabelMap labels({size, {1, 1, 1}, {}, Mat3::identity()});
  Random random(seed);
  for (auto& voxel : labels.voxels()) {
    voxel = random.chance(density) ? std::uint8_t{2} : static_cast<std::uint8_t>(random.integer(0, 1) * 3);
  }
  return labels;
}

bool touching(Int3 step, Connectivity connectivity) {
  const std::int64_t moved = std::abs(step.i) + std::abs(step.j) + std::abs(step.k);
  if (connectivity == Connectivity::kFaces6) return moved == 1;
  return moved > 0 && moved <= (connectivity == Connectivity::kEdges18 ? 2 : 3);
}

// The oracle: flood fill from every voxel of the value in scan order.
Volume<std::int32_t> flood(const LabelMap& labels, std::uint8_t value, Connectivity connectivity) {
  Volume<std::int32_t> result(labels.geometry());
  std::int32_t count = 0;
  for (std::int64_t n = 0; n < labels.size().count(); ++n) {
    const Int3 size = labels.size();
    std::vector<Int3> open{{n % size.i, n / size.i % size.j, n / (size.i * size.j)}};
    if (labels[open[0]] != value || result[open[0]] != 0) continue;
    result[open[0]] = ++count;
    while (!open.empty()) {
      const Int3 at = open.back();
      open.pop_back();
      for (std::int64_t s = 0; s < 27; ++s) {
        const Int3 step{s % 3 - 1, s / 3 % 3 - 1, s / 9 - 1};
        const Int3 next = at + step;
        if (!touching(step, connectivity) || !labels.contains(next)) continue;
        if (labels[next] != value || result[next] != 0) continue;
        result[next] = count;
        open.push_back(next);
      }
    }
  }
  return result;
}

TEST(FindComponents, AgreesWithFloodFillOnRandomMasks) {
  int several = 0;
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    Random random(seed);
    const Int3 size{random.integer(1, 14), random.integer(1, 12), random.integer(1, 10)};
    const LabelMap labels = random_map(size, random.uniform(0.02, 0.75), seed);
    for (const auto connectivity :
         {Connectivity::kFaces6, Connectivity::kEdges18, Connectivity::kCorners26}) {
      const auto found = find_components(labels, 2, connectivity);
      const auto painted = paint_components(found, labels.geometry());
      const auto wanted = flood(labels, 2, connectivity);
      ASSERT_TRUE(std::equal(painted.voxels().begin(), painted.voxels().end(), wanted.voxels().begin()))
          << seed;
      if (found.components.size() > 3) ++several;
    }
  }
  EXPECT_GT(several, 100);
}

TEST(FindComponents, MeasuresEachComponent) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const LabelMap labels = random_map({13, 11, 9}, 0.1, seed);
    const auto found = find_components(labels, 2, Connectivity::kFaces6);
    const auto wanted = flood(labels, 2, Connectivity::kFaces6);
    ASSERT_FALSE(found.components.empty());
    for (std::size_t n = 0; n < found.components.size(); ++n) {
      Component by_hand;
      by_hand.bounds = {labels.size(), {0, 0, 0}};
      Int3 sum;
      for (std::int64_t v = 0; v < labels.size().count(); ++v) {
        const Int3 at{v % 13, v / 13 % 11, v / 143};
        if (wanted[at] != static_cast<std::int32_t>(n) + 1) continue;
        by_hand.voxels += 1;
        sum = sum + at;
        for (int axis = 0; axis < 3; ++axis) {
          by_hand.bounds.low[axis] = std::min(by_hand.bounds.low[axis], at[axis]);
          by_hand.bounds.high[axis] = std::max(by_hand.bounds.high[axis], at[axis] + 1);
        }
      }
      const Component& component = found.components[n];
      EXPECT_EQ(component.voxels, by_hand.voxels);
      EXPECT_EQ(component.bounds, by_hand.bounds);
      for (int axis = 0; axis < 3; ++axis) {
        EXPECT_NEAR(component.centroid_index[axis],
                    static_cast<double>(sum[axis]) / static_cast<double>(by_hand.voxels), 1e-12);
      }
    }
  }
}

TEST(FindComponents, RunsAreGroupedAndInScanOrder) {
  const LabelMap labels = random_map({17, 9, 8}, 0.15, 3);
  const auto found = find_components(labels, 2);
  ASSERT_GT(found.components.size(), 2U);
  std::size_t runs = 0;
  for (std::size_t n = 0; n < found.components.size(); ++n) {
    std::int64_t voxels = 0, last = -1;
    for (const VoxelRun& run : found.runs_of(found.components[n])) {
      EXPECT_EQ(run.component, static_cast<std::int32_t>(n));
      EXPECT_GT(run.first, last);
      last = run.first + run.length - 1;
      EXPECT_EQ(run.first / 17, last / 17) << "a run stays in its row";
      voxels += run.length;
      ++runs;
    }
    EXPECT_EQ(voxels, found.components[n].voxels);
  }
  EXPECT_EQ(runs, found.runs.size());
}

TEST(FindComponents, FollowsAWindingPath) {
  // A comb: teeth along i that only the last slice joins, so every union comes late.
  LabelMap labels({{9, 9, 5}, {1, 1, 1}, {}, Mat3::identity()});
  for (std::int64_t k = 0; k < 5; ++k) {
    for (std::int64_t i = 0; i < 9; i += 2) labels[{i, 4, k}] = 7;
  }
  EXPECT_EQ(find_components(labels, 7).components.size(), 5U);
  for (std::int64_t i = 0; i < 9; ++i) labels[{i, 4, 4}] = 7;
  const auto found = find_components(labels, 7, Connectivity::kFaces6);
  ASSERT_EQ(found.components.size(), 1U);
  EXPECT_EQ(found.components[0].voxels, 4 * 5 + 9);
}

TEST(FindComponents, NothingOfThatValue) {
  const LabelMap labels = random_map({5, 5, 5}, 0.5, 1);
  EXPECT_TRUE(find_components(labels, 9).components.empty());
  EXPECT_TRUE(find_components(labels, 9).runs.empty());
}

TEST(FindComponents, SameForAnyThreadCount) {
  const LabelMap labels = random_map({40, 30, 50}, 0.1, 2);
  const int threads = thread_count();
  set_thread_count(1);
  const auto alone = paint_components(find_components(labels, 2), labels.geometry());
  set_thread_count(4);
  const auto together = paint_components(find_components(labels, 2), labels.geometry());
  set_thread_count(threads);
  EXPECT_TRUE(std::equal(alone.voxels().begin(), alone.voxels().end(), together.voxels().begin()));
}

TEST(PaintComponents, RefusesASmallerGrid) {
  const auto found = find_components(random_map({5, 5, 5}, 0.9, 1), 2);
  EXPECT_THROW(paint_components(found, {{2, 2, 2}, {1, 1, 1}, {}, Mat3::identity()}), Error);
}

}  // namespace
}  // namespace hepar
