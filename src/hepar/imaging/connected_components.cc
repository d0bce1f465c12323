// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/connected_components.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"

namespace hepar {
namespace {

// low <= i < high in row j of a slice.
struct RowRun {
  std::int32_t low, high, j;
};

struct SliceRuns {
  std::vector<RowRun> runs;
  std::vector<std::int32_t> row_start;  // runs of row j: row_start[j] .. row_start[j + 1]; none: empty
  std::int64_t base = 0;                // number of runs in the slices before

  std::span<const RowRun> row(std::int64_t j) const {
    const auto n = static_cast<std::size_t>(j);
    return std::span(runs).subspan(static_cast<std::size_t>(row_start[n]),
                                   static_cast<std::size_t>(row_start[n + 1] - row_start[n]));
  }
  std::int64_t number(const RowRun& run) const { return base + (&run - runs.data()); }
};

SliceRuns scan_slice(const std::uint8_t* slice, Int3 size, std::uint8_t value) {
  SliceRuns found;
  const std::uint8_t* const end = slice + size.i * size.j;
  for (const std::uint8_t* at = slice; at != end;) {
    at = static_cast<const std::uint8_t*>(std::memchr(at, value, static_cast<std::size_t>(end - at)));
    if (at == nullptr) break;
    const std::int64_t j = (at - slice) / size.i;
    const std::uint8_t* const row = slice + j * size.i;
    const std::uint8_t* const run_end =
        std::find_if(at, row + size.i, [value](std::uint8_t voxel) { return voxel != value; });
    found.runs.push_back({static_cast<std::int32_t>(at - row), static_cast<std::int32_t>(run_end - row),
                          static_cast<std::int32_t>(j)});
    at = run_end;
  }
  if (found.runs.empty()) return found;
  found.row_start.assign(static_cast<std::size_t>(size.j) + 1, 0);
  for (const RowRun& run : found.runs) ++found.row_start[static_cast<std::size_t>(run.j) + 1];
  for (std::size_t j = 0; j < static_cast<std::size_t>(size.j); ++j)
    found.row_start[j + 1] += found.row_start[j];
  return found;
}

// Disjoint sets whose root is their lowest member, so that roots come in the order of first voxels.
class RunSets {
 public:
  explicit RunSets(std::int64_t count) : parent_(static_cast<std::size_t>(count)) {
    for (std::size_t n = 0; n < parent_.size(); ++n) parent_[n] = static_cast<std::int32_t>(n);
  }
  std::int32_t root(std::int64_t member) {
    auto n = static_cast<std::int32_t>(member);
    while (at(n) != n) n = at(n) = at(at(n));
    return n;
  }
  void unite(std::int64_t a, std::int64_t b) {
    const std::int32_t root_a = root(a), root_b = root(b);
    at(std::max(root_a, root_b)) = std::min(root_a, root_b);
  }

 private:
  std::int32_t& at(std::int32_t n) { return parent_[static_cast<std::size_t>(n)]; }
  std::vector<std::int32_t> parent_;
};

// Unites the runs of two rows that overlap, or with reach 1 touch at their ends.
void link_rows(const SliceRuns& a, std::int64_t a_row, const SliceRuns& b, std::int64_t b_row, int reach,
               RunSets& sets) {
  const auto others = b.row(b_row);
  std::size_t start = 0;
  for (const RowRun& run : a.row(a_row)) {
    while (start < others.size() && others[start].high + reach <= run.low) ++start;
    for (std::size_t n = start; n < others.size() && others[n].low < run.high + reach; ++n) {
      sets.unite(a.number(run), b.number(others[n]));
    }
  }
}

// How far along i runs may miss each other in the row beside, in the same row of the next slice, and in
// the rows beside that; -1: they never touch.
struct Reach {
  int row_beside, slice_beside, diagonal;
};

Reach reach_of(Connectivity connectivity) {
  switch (connectivity) {
    case Connectivity::kFaces6:
      return {0, 0, -1};
    case Connectivity::kEdges18:
      return {1, 1, 0};
    case Connectivity::kCorners26:
      break;
  }
  return {1, 1, 1};
}

void link_slice(const std::vector<SliceRuns>& slices, std::size_t k, std::int64_t rows, Reach reach,
                RunSets& sets) {
  const SliceRuns& slice = slices[k];
  const SliceRuns* const before = k > 0 && !slices[k - 1].runs.empty() ? &slices[k - 1] : nullptr;
  for (std::int64_t j = 0; j < rows; ++j) {
    if (slice.row(j).empty()) continue;
    if (j > 0) link_rows(slice, j, slice, j - 1, reach.row_beside, sets);
    if (before == nullptr) continue;
    link_rows(slice, j, *before, j, reach.slice_beside, sets);
    if (reach.diagonal < 0) continue;
    if (j > 0) link_rows(slice, j, *before, j - 1, reach.diagonal, sets);
    if (j + 1 < rows) link_rows(slice, j, *before, j + 1, reach.diagonal, sets);
  }
}

// Component number of every run, by first voxel.
std::vector<std::int32_t> number_components(const std::vector<SliceRuns>& slices, std::int64_t run_count,
                                            Int3 size, Connectivity connectivity) {
  RunSets sets(run_count);
  for (std::size_t k = 0; k < slices.size(); ++k) {
    if (!slices[k].runs.empty()) link_slice(slices, k, size.j, reach_of(connectivity), sets);
  }
  std::vector<std::int32_t> component(static_cast<std::size_t>(run_count));
  std::int32_t count = 0;
  for (std::size_t n = 0; n < component.size(); ++n) {
    const auto root = static_cast<std::size_t>(sets.root(static_cast<std::int64_t>(n)));
    component[n] = root == n ? count++ : component[root];
  }
  return component;
}

void add_run(Component& component, const RowRun& run, std::int64_t k) {
  Box3& box = component.bounds;
  if (component.voxels == 0) box.low = {run.low, run.j, k};
  const double length = run.high - run.low;
  component.voxels += run.high - run.low;
  component.run_count += 1;
  box.low = {std::min<std::int64_t>(box.low.i, run.low), std::min<std::int64_t>(box.low.j, run.j), box.low.k};
  box.high = {std::max<std::int64_t>(box.high.i, run.high), std::max<std::int64_t>(box.high.j, run.j + 1),
              k + 1};
  // Sums of whole numbers and halves: exact, so in any order the same.
  const Vec3 middle{(run.low + run.high - 1) / 2.0, static_cast<double>(run.j), static_cast<double>(k)};
  component.centroid_index = component.centroid_index + length * middle;
}

// Calls visit(run, its slice, its component) for all runs in scan order.
template <class Visit>
void for_each_run(const std::vector<SliceRuns>& slices, const std::vector<std::int32_t>& number,
                  const Visit& visit) {
  for (std::size_t k = 0; k < slices.size(); ++k) {
    for (const RowRun& run : slices[k].runs) {
      visit(run, static_cast<std::int64_t>(k), number[static_cast<std::size_t>(slices[k].number(run))]);
    }
  }
}

ComponentRuns group(const std::vector<SliceRuns>& slices, const std::vector<std::int32_t>& number,
                    Int3 size) {
  ComponentRuns found;
  if (number.empty()) return found;
  found.components.resize(static_cast<std::size_t>(*std::max_element(number.begin(), number.end())) + 1);
  for_each_run(slices, number, [&](const RowRun& run, std::int64_t k, std::int32_t n) {
    add_run(found.components[static_cast<std::size_t>(n)], run, k);
  });
  std::vector<std::int64_t> next;  // where each component's next run goes
  for (Component& component : found.components) {
    component.centroid_index = 1.0 / static_cast<double>(component.voxels) * component.centroid_index;
    component.first_run = next.empty() ? 0 : next.back() + (&component - 1)->run_count;
    next.push_back(component.first_run);
  }
  found.runs.resize(number.size());
  for_each_run(slices, number, [&](const RowRun& run, std::int64_t k, std::int32_t n) {
    const std::int64_t offset = run.low + size.i * (run.j + size.j * k);
    const std::int64_t at = next[static_cast<std::size_t>(n)]++;
    found.runs[static_cast<std::size_t>(at)] = {offset, run.high - run.low, n};
  });
  return found;
}

}  // namespace

ComponentRuns find_components(const LabelMap& labels, std::uint8_t value, Connectivity connectivity) {
  const Int3 size = labels.size();
  std::vector<SliceRuns> slices(static_cast<std::size_t>(size.k));
  parallel_for(size.k, [&](std::int64_t k) {
    slices[static_cast<std::size_t>(k)] = scan_slice(&labels[{0, 0, k}], size, value);
  });
  std::int64_t run_count = 0;
  for (SliceRuns& slice : slices) {
    slice.base = run_count;
    run_count += static_cast<std::int64_t>(slice.runs.size());
  }
  if (run_count > std::numeric_limits<std::int32_t>::max()) {
    throw Error(ErrorCode::kUnsupported,
                "the label map is too scattered: it falls into more than 2^31 runs of voxels");
  }
  return group(slices, number_components(slices, run_count, size, connectivity), size);
}

Volume<std::int32_t> paint_components(const ComponentRuns& found, const Geometry& geometry) {
  Volume<std::int32_t> result(geometry);
  for (const VoxelRun& run : found.runs) {
    HEPAR_EXPECT(run.first + run.length <= geometry.size.count(), "the components are of a larger grid");
    std::fill_n(result.voxels().begin() + run.first, run.length, run.component + 1);
  }
  return result;
}

}  // namespace hepar
