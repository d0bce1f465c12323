// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/distance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/box.h"

namespace hepar {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Lines that lie side by side in memory are fetched together, to use whole cache lines.
constexpr std::int64_t kLanes = 8;

// First axis: a sweep forth and one back count the steps to the nearest voxel of the mask.
void sweep_row(const std::uint8_t* mask, std::int64_t count, double spacing_mm, double* squared) {
  double steps = kInfinity;
  for (std::int64_t i = 0; i < count; ++i) {
    steps = mask[i] != 0 ? 0.0 : steps + 1.0;
    squared[i] = steps;
  }
  steps = kInfinity;
  for (std::int64_t i = count; i-- > 0;) {
    steps = mask[i] != 0 ? 0.0 : steps + 1.0;
    const double distance = spacing_mm * std::min(steps, squared[i]);
    squared[i] = distance * distance;
  }
}

// min over q of height[q] + (spacing * (t - q))^2, by the parabolas that bound it from below.
class LowerEnvelope {
 public:
  explicit LowerEnvelope(double spacing_mm) : squared_spacing_(spacing_mm * spacing_mm) {}

  void clear() {
    parabolas_.clear();
    lowest_ = 0;
  }
  bool empty() const { return parabolas_.empty(); }

  // Apexes are added from left to right; an infinite height adds nothing.
  void add(std::int64_t q, double height) {
    if (height == kInfinity) return;
    const auto apex = static_cast<double>(q);
    double start = -kInfinity;
    while (!parabolas_.empty() &&
           (start = crossing(parabolas_.back(), apex, height)) <= parabolas_.back().start) {
      parabolas_.pop_back();
    }
    parabolas_.push_back({apex, height, parabolas_.empty() ? -kInfinity : start});
  }

  // The minimum at t; asked from left to right, when all are added and there is one.
  double at(std::int64_t t) {
    const auto place = static_cast<double>(t);
    while (lowest_ + 1 < parabolas_.size() && parabolas_[lowest_ + 1].start < place) ++lowest_;
    const double steps = place - parabolas_[lowest_].apex;
    return parabolas_[lowest_].height + squared_spacing_ * steps * steps;
  }

 private:
  struct Parabola {
    double apex, height;  // voxels, mm^2
    double start;         // it is the lowest from here on, up to the next one's start
  };

  // Where a new parabola with its apex further right goes below `left`.
  double crossing(const Parabola& left, double apex, double height) const {
    return 0.5 * (left.apex + apex + (height - left.height) / (squared_spacing_ * (apex - left.apex)));
  }

  double squared_spacing_;
  std::vector<Parabola> parabolas_;
  std::size_t lowest_ = 0;
};

void transform_line(LowerEnvelope& envelope, double* line, std::int64_t count) {
  envelope.clear();
  for (std::int64_t q = 0; q < count; ++q) envelope.add(q, line[q]);
  if (envelope.empty()) return;
  for (std::int64_t t = 0; t < count; ++t) line[t] = envelope.at(t);
}

// Transforms all lines along `axis` (j or k) of the planes that `axis` and i span.
void transform_axis(Volume<double>& squared, int axis) {
  const Int3 size = squared.size();
  const std::int64_t count = size[axis];
  const std::int64_t stride = axis == 1 ? size.i : size.i * size.j;
  const int over = 3 - axis;
  parallel_for(size[over], [&](std::int64_t plane) {
    LowerEnvelope envelope(squared.geometry().spacing_mm[axis]);
    std::vector<double> lines(static_cast<std::size_t>(count * kLanes));
    Int3 corner;
    corner[over] = plane;
    for (corner.i = 0; corner.i < size.i; corner.i += kLanes) {
      double* const base = &squared[corner];
      const std::int64_t lanes = std::min(kLanes, size.i - corner.i);
      for (std::int64_t t = 0; t < count; ++t) {
        for (std::int64_t lane = 0; lane < lanes; ++lane) {
          lines[static_cast<std::size_t>(lane * count + t)] = base[t * stride + lane];
        }
      }
      for (std::int64_t lane = 0; lane < lanes; ++lane)
        transform_line(envelope, &lines[static_cast<std::size_t>(lane * count)], count);
      for (std::int64_t t = 0; t < count; ++t) {
        for (std::int64_t lane = 0; lane < lanes; ++lane) {
          base[t * stride + lane] = lines[static_cast<std::size_t>(lane * count + t)];
        }
      }
    }
  });
}

// (spacing * n)^2 for n < count.
std::vector<double> squared_steps(std::int64_t count, double spacing_mm) {
  std::vector<double> squared;
  for (std::int64_t n = 0; n < count; ++n) {
    const double distance = spacing_mm * static_cast<double>(n);
    squared.push_back(distance * distance);
  }
  return squared;
}

// How far it is along k alone to the nearest voxel of a mask, in voxels.
class ColumnSteps {
 public:
  // In the columns of `around`, the box around the mask, for the slices from first_k up to end_k.
  ColumnSteps(const Mask& mask, const Box3& around, std::int64_t first_k, std::int64_t end_k)
      : box_{{around.low.i, around.low.j, first_k}, {around.high.i, around.high.j, end_k}},
        steps_(static_cast<std::size_t>(box_.size().count())) {
    const std::int64_t low = std::min(around.low.k, first_k), high = std::max(around.high.k, end_k);
    const std::int64_t none = high - low;
    if (none > kMostSlices) {
      throw Error(
          ErrorCode::kUnsupported,
          fmt::format("distances between masks that span {} slices; {} can be handled", none, kMostSlices));
    }
    parallel_for(box_.size().j, [&](std::int64_t n) {
      const std::int64_t j = box_.low.j + n;
      std::vector<std::int16_t> row(static_cast<std::size_t>(box_.size().i), static_cast<std::int16_t>(none));
      for (std::int64_t k = low; k < high; ++k) sweep(mask, around, j, k, true, row);
      std::fill(row.begin(), row.end(), static_cast<std::int16_t>(none));
      for (std::int64_t k = high; k-- > low;) sweep(mask, around, j, k, false, row);
    });
    squared_mm2_ = squared_steps(none, mask.geometry().spacing_mm.z);
    squared_mm2_.resize(static_cast<std::size_t>(2 * none + 1), kInfinity);
  }

  const Box3& box() const { return box_; }
  // The steps of one row, from box().low.i on, and the squared distance for a number of steps.
  const std::int16_t* row(std::int64_t j, std::int64_t k) const { return steps_.data() + offset(j, k); }
  std::span<const double> squared_mm2() const { return squared_mm2_; }

 private:
  // Twice the steps must fit into 16 bits: an empty column counts on from the number of slices.
  static constexpr std::int64_t kMostSlices = 16383;

  std::int64_t offset(std::int64_t j, std::int64_t k) const {
    return box_.size().i * (j - box_.low.j + box_.size().j * (k - box_.low.k));
  }

  // Takes `row`, the steps from the side that the sweep comes from, on to slice k.
  void sweep(const Mask& mask, const Box3& around, std::int64_t j, std::int64_t k, bool first,
             std::vector<std::int16_t>& row) {
    const std::size_t width = row.size();
    std::int16_t* const at = row.data();
    for (std::size_t i = 0; i < width; ++i) ++at[i];
    if (k >= around.low.k && k < around.high.k) {
      const std::uint8_t* const from = &mask[{box_.low.i, j, k}];
      for (std::size_t i = 0; i < width; ++i) at[i] = from[i] != 0 ? std::int16_t{0} : at[i];
    }
    if (k < box_.low.k || k >= box_.high.k) return;
    std::int16_t* const to = steps_.data() + offset(j, k);
    for (std::size_t i = 0; i < width; ++i) to[i] = first ? at[i] : std::min(to[i], at[i]);
  }

  Box3 box_;
  std::vector<std::int16_t> steps_;
  std::vector<double> squared_mm2_;
};

// Calls work(i) for the voxels of a row that are not 0; skips zeros eight at a time.
template <class Work>
void for_each_marked(const std::uint8_t* row, std::int64_t low, std::int64_t high, const Work& work) {
  for (std::int64_t i = low; i < high; ++i) {
    std::uint64_t eight = 0;
    if (i + 8 <= high && (std::memcpy(&eight, row + i, 8), eight == 0)) {
      i += 7;
    } else if (row[i] != 0) {
      work(i);
    }
  }
}

// Answers for the marked voxels of one slice: a search around each, or where that would cost more than the
// transform of the whole slice, that transform.
class SliceSearch {
 public:
  SliceSearch(const ColumnSteps& columns, const Geometry& grid, std::int64_t k)
      : columns_(columns),
        k_(k),
        spacing_mm_(grid.spacing_mm),
        along_i_(squared_steps(grid.size.i, grid.spacing_mm.x)),
        along_j_(squared_steps(grid.size.j, grid.spacing_mm.y)) {}

  // `squared` has room for the marked voxels within `box`, in scan order.
  void answer(const Mask& mask, const Box3& box, std::span<double> squared) {
    budget_ = kColumnsPerTransformed * columns_.box().size().i * columns_.box().size().j;
    std::vector<Place> left_over;
    std::size_t number = 0;
    for (std::int64_t j = box.low.j; j < box.high.j; ++j) {
      for_each_marked(&mask[{0, j, k_}], box.low.i, box.high.i, [&](std::int64_t i) {
        if (budget_ > 0) squared[number] = search_around(i, j);
        if (budget_ <= 0) left_over.push_back({i, j, number});
        ++number;
      });
    }
    if (!left_over.empty()) transform(left_over, squared);
  }

 private:
  struct Place {
    std::int64_t i, j;
    std::size_t number;  // in scan order, within the slice
  };

  // How many columns a search looks at in the time in which the transform does one.
  static constexpr std::int64_t kColumnsPerTransformed = 4;

  // Row by row outwards, until a row is further than the nearest voxel or the budget is spent.
  double search_around(std::int64_t i, std::int64_t j) {
    const std::int64_t low = columns_.box().low.j, high = columns_.box().high.j;
    double least = kInfinity;
    for (std::int64_t dj = 0; budget_ > 0; ++dj) {
      const std::int64_t before = j - dj, after = j + dj;
      if (before < low && after >= high) break;
      const double away_j = along_j_[static_cast<std::size_t>(dj)];
      if (away_j >= least) break;
      if (before >= low && before < high) least = search_row(i, before, away_j, least);
      if (dj > 0 && after >= low && after < high) least = search_row(i, after, away_j, least);
      --budget_;
    }
    return least;
  }

  // Column by column outwards: on both sides as far as the row goes, then on the longer one.
  double search_row(std::int64_t i, std::int64_t j, double away_j, double least) {
    const std::int16_t* const row = columns_.row(j, k_);
    const double* const squared = columns_.squared_mm2().data();
    const double* const along_i = along_i_.data();
    const std::int64_t at = i - columns_.box().low.i, after = columns_.box().high.i - 1 - i;
    const std::int64_t both = std::min(at, after), first = std::max<std::int64_t>(0, -both);
    std::int64_t di = first;
    for (; di <= both && along_i[di] + away_j < least; ++di) {
      least = std::min(least, std::min(squared[row[at - di]], squared[row[at + di]]) + along_i[di] + away_j);
    }
    const std::int64_t end = std::max(at, after), side = at < after ? 1 : -1;
    for (; di > both && di <= end && along_i[di] + away_j < least; ++di) {
      least = std::min(least, squared[row[at + side * di]] + along_i[di] + away_j);
    }
    budget_ -= 2 * (di - first);
    return least;
  }

  // First along i, within each row and only in the columns of the places; then along j.
  void transform(std::vector<Place>& places, std::span<double> squared) const {
    std::sort(places.begin(), places.end(),
              [](const Place& a, const Place& b) { return std::pair(a.i, a.j) < std::pair(b.i, b.j); });
    const std::vector<double> in_rows = transform_rows(places);
    const std::int64_t low = columns_.box().low.j, height = columns_.box().size().j;
    LowerEnvelope envelope(spacing_mm_.y);
    const double* column = in_rows.data();
    for (std::size_t n = 0; n < places.size(); ++n) {
      if (n == 0 || places[n].i != places[n - 1].i) {
        envelope.clear();
        for (std::int64_t j = 0; j < height; ++j) envelope.add(low + j, column[j]);
        column += height;
      }
      squared[places[n].number] = envelope.at(places[n].j);
    }
  }

  // For each i of the places, once and ascending: the least within each row of the box.
  std::vector<double> transform_rows(std::span<const Place> places) const {
    std::vector<std::int64_t> asked;
    for (const Place& place : places) {
      if (asked.empty() || asked.back() != place.i) asked.push_back(place.i);
    }
    const Box3& box = columns_.box();
    const std::int64_t height = box.size().j, width = box.size().i;
    std::vector<double> in_rows(asked.size() * static_cast<std::size_t>(height), kInfinity);
    LowerEnvelope envelope(spacing_mm_.x);
    for (std::int64_t j = 0; j < height; ++j) {
      const std::int16_t* const row = columns_.row(box.low.j + j, k_);
      envelope.clear();
      for (std::int64_t i = 0; i < width; ++i)
        envelope.add(box.low.i + i, columns_.squared_mm2()[static_cast<std::size_t>(row[i])]);
      if (envelope.empty()) continue;
      double* to = in_rows.data() + j;
      for (const std::int64_t i : asked) {
        *to = envelope.at(i);
        to += height;
      }
    }
    return in_rows;
  }

  const ColumnSteps& columns_;
  std::int64_t k_;
  Vec3 spacing_mm_;
  std::vector<double> along_i_, along_j_;  // squared distance by voxels
  std::int64_t budget_ = 0;                // columns that may still be looked at
};

std::size_t count_in_slice(const Mask& mask, const Box3& box, std::int64_t k) {
  std::int64_t count = 0;
  for (std::int64_t j = box.low.j; j < box.high.j; ++j) {
    const std::uint8_t* const row = &mask[{0, j, k}];
    count += std::count_if(row + box.low.i, row + box.high.i, [](std::uint8_t v) { return v != 0; });
  }
  return static_cast<std::size_t>(count);
}

}  // namespace

Volume<double> squared_distance_mm2(const Mask& mask) {
  Volume<double> squared(mask.geometry());
  const Int3 size = mask.size();
  parallel_for(size.k, [&](std::int64_t k) {
    for (std::int64_t j = 0; j < size.j; ++j) {
      sweep_row(&mask[{0, j, k}], size.i, mask.geometry().spacing_mm.x, &squared[{0, j, k}]);
    }
  });
  if (size.j > 1) transform_axis(squared, 1);
  if (size.k > 1) transform_axis(squared, 2);
  return squared;
}

std::vector<double> squared_distances_mm2(const Mask& from, const Mask& to) {
  HEPAR_EXPECT(from.size() == to.size(), "distances between masks need one grid");
  const auto asked = bounding_box(from), around = bounding_box(to);
  if (!asked) return {};
  std::vector<std::size_t> starts(static_cast<std::size_t>(asked->size().k) + 1);
  parallel_for(asked->size().k, [&](std::int64_t k) {
    starts[static_cast<std::size_t>(k) + 1] = count_in_slice(from, *asked, asked->low.k + k);
  });
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  std::vector<double> squared(starts.back(), kInfinity);
  if (!around) return squared;
  const ColumnSteps columns(to, *around, asked->low.k, asked->high.k);
  parallel_for(asked->size().k, [&](std::int64_t n) {
    const auto start = starts[static_cast<std::size_t>(n)], end = starts[static_cast<std::size_t>(n) + 1];
    if (start == end) return;
    SliceSearch(columns, to.geometry(), asked->low.k + n)
        .answer(from, *asked, std::span(squared).subspan(start, end - start));
  });
  return squared;
}

}  // namespace hepar
