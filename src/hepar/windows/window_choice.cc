// SPDX-License-Identifier: Apache-2.0
#include "hepar/windows/window_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "hepar/core/error.h"

namespace hepar {
namespace {

std::size_t index(std::int64_t n) { return static_cast<std::size_t>(n); }

// Half open.
struct Range {
  std::int64_t low, high;
  bool contains(std::int64_t n) const { return low <= n && n < high; }
  bool empty() const { return low >= high; }
};
using Ranges = std::array<Range, 3>;

// The voxels of a grid whose centres lie in the window that begins at `start`: start <= (n + 0.5) * volume /
// grid < start + patch, in whole numbers.
Range centres_in(std::int64_t start, std::int64_t patch, std::int64_t volume, std::int64_t grid) {
  const auto first_at = [&](std::int64_t border) {  // least n with (2 n + 1) volume >= 2 grid border
    const std::int64_t rest = 2 * grid * border - volume;
    return std::clamp<std::int64_t>(rest <= 0 ? 0 : (rest + 2 * volume - 1) / (2 * volume), 0, grid);
  };
  return {first_at(start), first_at(start + patch)};
}

// By axis and window, what it holds of the region's grid.
std::array<std::vector<Range>, 3> ranges_of(const SlidingWindows& windows, const Kernel3& grid) {
  std::array<std::vector<Range>, 3> ranges;
  for (std::size_t axis = 0; axis < 3; ++axis)
    for (const std::int64_t start : windows.starts(axis))
      ranges[axis].push_back(centres_in(start, windows.patch()[axis], windows.volume()[axis], grid[axis]));
  return ranges;
}

// visit(offset) until it says true, which is then the result.
template <class Visit>
bool any_in(const Kernel3& size, const Ranges& box, const Visit& visit) {
  for (std::int64_t d = box[0].low; d < box[0].high; ++d)
    for (std::int64_t h = box[1].low; h < box[1].high; ++h)
      for (std::int64_t w = box[2].low; w < box[2].high; ++w)
        if (visit(index((d * size[1] + h) * size[2] + w))) return true;
  return false;
}

std::optional<Ranges> box_of(const RegionMask& region) {
  Ranges box;
  for (std::size_t axis = 0; axis < 3; ++axis) box[axis] = {region.size[axis], 0};
  std::size_t n = 0;
  for (std::int64_t d = 0; d < region.size[0]; ++d) {
    for (std::int64_t h = 0; h < region.size[1]; ++h) {
      for (std::int64_t w = 0; w < region.size[2]; ++w, ++n) {
        if (region.inside[n] == 0) continue;
        const Kernel3 at{d, h, w};
        for (std::size_t axis = 0; axis < 3; ++axis)
          box[axis] = {std::min(box[axis].low, at[axis]), std::max(box[axis].high, at[axis] + 1)};
      }
    }
  }
  if (box[0].empty()) return std::nullopt;
  return box;
}

// From the last window that holds the low end to the first that holds the high end.
std::vector<bool> fewest(const std::vector<Range>& ranges, Range wanted) {
  std::vector<bool> taken(ranges.size());
  std::int64_t covered = wanted.low;
  for (std::size_t n = 0; n < ranges.size() && covered < wanted.high; ++n) {
    const bool next_holds = n + 1 < ranges.size() && ranges[n + 1].low <= wanted.low;
    if (next_holds || ranges[n].high <= covered) continue;
    taken[n] = true;
    covered = ranges[n].high;
  }
  HEPAR_EXPECT(covered >= wanted.high, "windows leave a gap");
  return taken;
}

template <class Choose>
std::vector<std::uint8_t> choose_each(const SlidingWindows& windows, const Choose& choose) {
  std::vector<std::uint8_t> run;
  for (std::size_t d = 0; d < windows.starts(0).size(); ++d)
    for (std::size_t h = 0; h < windows.starts(1).size(); ++h)
      for (std::size_t w = 0; w < windows.starts(2).size(); ++w) run.push_back(choose(d, h, w) ? 1 : 0);
  return run;
}

void check_region(const RegionMask& region) {
  HEPAR_EXPECT(region.inside.size() == index(region.size[0] * region.size[1] * region.size[2]),
               fmt::format("{} voxels in a mask", region.inside.size()));
}

}  // namespace

std::vector<std::uint8_t> windows_over(const SlidingWindows& windows, const RegionMask& region) {
  check_region(region);
  const auto box = box_of(region);
  if (!box) return std::vector<std::uint8_t>(index(windows.count()));
  const auto ranges = ranges_of(windows, region.size);
  std::array<std::vector<bool>, 3> taken;
  for (std::size_t axis = 0; axis < 3; ++axis) taken[axis] = fewest(ranges[axis], (*box)[axis]);
  return choose_each(windows, [&](std::size_t d, std::size_t h, std::size_t w) {
    return taken[0][d] && taken[1][h] && taken[2][w] &&
           any_in(region.size, {ranges[0][d], ranges[1][h], ranges[2][w]},
                  [&](std::size_t n) { return region.inside[n] != 0; });
  });
}

std::int64_t count_outside(const SlidingWindows& windows, const std::vector<std::uint8_t>& run,
                           const RegionMask& region) {
  check_region(region);
  const auto ranges = ranges_of(windows, region.size);
  std::vector<std::uint8_t> left = region.inside;
  std::size_t window = 0;
  choose_each(windows, [&](std::size_t d, std::size_t h, std::size_t w) {
    if (run[window++] == 0) return false;
    any_in(region.size, {ranges[0][d], ranges[1][h], ranges[2][w]}, [&](std::size_t n) {
      left[n] = 0;
      return false;
    });
    return true;
  });
  return std::count(left.begin(), left.end(), std::uint8_t{1});
}

std::vector<std::uint8_t> windows_above(const SlidingWindows& windows, const Tensor& image,
                                        float least_value) {
  const Kernel3 size = windows.volume();
  const auto range = [&](std::size_t axis, std::size_t n) {
    const WindowPart part = windows.part(axis, windows.starts(axis)[n]);
    return Range{part.in_volume, part.in_volume + part.count};
  };
  return choose_each(windows, [&](std::size_t d, std::size_t h, std::size_t w) {
    return any_in(size, {range(0, d), range(1, h), range(2, w)},
                  [&](std::size_t n) { return image.values[n] > least_value; });
  });
}

}  // namespace hepar
