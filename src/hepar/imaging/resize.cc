// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/imaging/spline_stack.h"

namespace hepar {
namespace {

using detail::LinearTap;
using detail::PlaneSize;
using detail::SplineStack;

constexpr std::int64_t kBlock = SplineStack::kBlock;

struct Range {
  float low, high;
};

Range range_of(std::span<const float> values) {
  Range range{values.front(), values.front()};
  for (const float v : values) range = {std::min(range.low, v), std::max(range.high, v)};
  return range;
}

void check_order(int order, int most) {
  if (order == 0 || order == 1 || order == most) return;
  throw Error(ErrorCode::kUnsupported,
              fmt::format("Hepar can't resample with splines of order {} here; it knows the orders 0, 1{}.",
                          order, most == 3 ? " and 3" : ""));
}

// Runs body(first, last) for parts of [0, count), a few for each thread, which use their memory again.
template <class Body>
void parallel_parts(std::int64_t count, const Body& body) {
  const std::int64_t parts = std::min<std::int64_t>(count, 4 * thread_count());
  parallel_for(parts, [&](std::int64_t part) { body(part * count / parts, (part + 1) * count / parts); });
}

void copy_slices(std::int64_t count, std::int64_t slice, const SliceReader& read, std::span<float> result) {
  parallel_for(count, [&](std::int64_t n) {
    read(n, result.subspan(static_cast<std::size_t>(n * slice), static_cast<std::size_t>(slice)));
  });
}

void clip(std::span<float> values, Range range) {
  constexpr std::size_t kPart = 1 << 16;
  parallel_for(static_cast<std::int64_t>((values.size() + kPart - 1) / kPart), [&](std::int64_t n) {
    const std::size_t start = static_cast<std::size_t>(n) * kPart;
    for (float& v : values.subspan(start, std::min(kPart, values.size() - start))) {
      v = std::min(std::max(v, range.low), range.high);
    }
  });
}

void resize_cubic(Int3 size, const SliceReader& read, Int3 new_size, std::span<float> result) {
  const PlaneSize plane{size.i, size.j};
  const detail::CubicTaps taps{detail::cubic_taps(size.i, new_size.i),
                               detail::cubic_taps(size.j, new_size.j)};
  const auto slices = detail::cubic_taps(size.k, new_size.k);
  SplineStack stack({new_size.i, new_size.j}, size.k, slices, result.data());
  std::vector<Range> ranges(static_cast<std::size_t>(size.k));
  for (std::int64_t start = 0; start < size.k; start += kBlock) {
    const std::int64_t end = std::min(size.k, start + kBlock);
    parallel_parts(end - start, [&](std::int64_t first, std::int64_t last) {
      std::vector<float> slice(static_cast<std::size_t>(plane.count()));
      detail::PlaneScratch scratch;
      for (std::int64_t k = start + first; k < start + last; ++k) {
        read(k, slice);
        ranges[static_cast<std::size_t>(k)] = range_of(slice);
        detail::resize_plane_cubic(slice.data(), plane, taps, scratch, stack.place(k), stack.stride());
      }
    });
    stack.advance(end);
  }
  Range range = ranges.front();
  for (const Range& r : ranges) range = {std::min(range.low, r.low), std::max(range.high, r.high)};
  clip(result, range);
}

// Rounded to float, linear sums do not leave the range of the source: nothing is to be cut.
void resize_linear(Int3 size, const SliceReader& read, Int3 new_size, int order, std::span<float> result) {
  constexpr std::int64_t kRows = 32;    // of a task
  constexpr std::int64_t kSlices = 17;  // in memory at a time
  const PlaneSize plane{size.i, size.j};
  const auto columns = detail::linear_taps(size.i, new_size.i, order),
             rows = detail::linear_taps(size.j, new_size.j, order),
             slices = detail::linear_taps(size.k, new_size.k, order);
  std::vector<float> window(static_cast<std::size_t>(std::min(size.k, kSlices) * plane.count()));
  const std::int64_t tasks_per_slice = (new_size.j + kRows - 1) / kRows;
  for (std::int64_t done = 0; done < new_size.k;) {
    const std::int64_t first = slices[static_cast<std::size_t>(done)].low;
    const std::int64_t loaded = std::min(size.k - first, kSlices);
    copy_slices(
        loaded, plane.count(), [&](std::int64_t n, auto slice) { read(first + n, slice); }, window);
    std::int64_t ready = done;
    while (ready < new_size.k && slices[static_cast<std::size_t>(ready)].high < first + loaded) ++ready;
    parallel_for((ready - done) * tasks_per_slice, [&](std::int64_t task) {
      const std::int64_t k = done + task / tasks_per_slice, top = task % tasks_per_slice * kRows;
      const LinearTap& tap = slices[static_cast<std::size_t>(k)];
      std::vector<double> scratch;
      for (std::int64_t j = top; j < std::min(top + kRows, new_size.j); ++j) {
        detail::resize_row_linear({window.data() + (tap.low - first) * plane.count(),
                                   window.data() + (tap.high - first) * plane.count(), size.i, tap,
                                   rows[static_cast<std::size_t>(j)]},
                                  columns, scratch, result.data() + (k * new_size.j + j) * new_size.i);
      }
    });
    done = ready;
  }
}

// Slices resized in plane, each cut to its own range.
class PlaneResizer {
 public:
  PlaneResizer(PlaneSize size, PlaneSize new_size, int order) : size_(size), new_size_(new_size) {
    if (order == 3) {
      cubic_ = {detail::cubic_taps(size.width, new_size.width),
                detail::cubic_taps(size.height, new_size.height)};
    } else {
      columns_ = detail::linear_taps(size.width, new_size.width, order);
      rows_ = detail::linear_taps(size.height, new_size.height, order);
    }
  }

  struct Slice {
    std::vector<float> source, result;
    std::vector<double> sums;
    detail::PlaneScratch scratch;
  };
  void operator()(Slice& slice) const {
    slice.result.resize(static_cast<std::size_t>(new_size_.count()));
    if (cubic_.rows.empty()) return run_linear(slice);
    slice.sums.resize(slice.result.size());
    detail::resize_plane_cubic(slice.source.data(), size_, cubic_, slice.scratch, slice.sums.data(),
                               new_size_.width);
    const Range range = range_of(slice.source);
    std::transform(slice.sums.begin(), slice.sums.end(), slice.result.begin(), [range](double v) {
      return std::min(std::max(static_cast<float>(v), range.low), range.high);
    });
  }

 private:
  void run_linear(Slice& slice) const {
    const float* const source = slice.source.data();
    for (std::int64_t y = 0; y < new_size_.height; ++y) {
      detail::resize_row_linear(
          {source, source, size_.width, {0, 0, 1, 0}, rows_[static_cast<std::size_t>(y)]}, columns_,
          slice.sums, slice.result.data() + y * new_size_.width);
    }
  }

  PlaneSize size_, new_size_;
  detail::CubicTaps cubic_;
  std::vector<LinearTap> columns_, rows_;
};

// A slice at its place in an array: voxel (x, y) at first + x * width + y * height.
void put_slice(const std::vector<float>& slice, PlaneSize size, float* first, PlaneSize stride) {
  for (std::int64_t y = 0; y < size.height; ++y) {
    const float* const row = slice.data() + y * size.width;
    float* const target = first + y * stride.height;
    if (stride.width == 1) {
      std::copy_n(row, size.width, target);
    } else {
      for (std::int64_t x = 0; x < size.width; ++x) target[x * stride.width] = row[x];
    }
  }
}

void resize_slices(Int3 size, const SliceReader& read, Int3 new_size, const ResizeRule& rule,
                   std::span<float> result) {
  const int axis = *rule.slice_axis, width = axis == 0 ? 1 : 0, height = axis == 2 ? 1 : 2;
  const PlaneSize plane{size[width], size[height]}, new_plane{new_size[width], new_size[height]};
  const PlaneResizer resize_plane(plane, new_plane, rule.order);
  const Int3 stride{1, new_size.i, new_size.i * new_size.j};
  const auto along = detail::linear_taps(size[axis], new_size[axis], 0);
  const auto before = [](const LinearTap& tap, std::int64_t n) { return tap.low < n; };
  parallel_parts(size[axis], [&](std::int64_t first, std::int64_t last) {
    PlaneResizer::Slice slice;
    slice.source.resize(static_cast<std::size_t>(plane.count()));
    auto to = std::lower_bound(along.begin(), along.end(), first, before);
    for (std::int64_t n = first; n < last; ++n) {
      if (to == along.end() || to->low != n) continue;
      read(n, slice.source);
      resize_plane(slice);
      for (; to != along.end() && to->low == n; ++to) {
        put_slice(slice.result, new_plane, result.data() + (to - along.begin()) * stride[axis],
                  {stride[width], stride[height]});
      }
    }
  });
}

// The source itself, which comes in slices across `axis`.
void copy_source(Int3 size, const SliceReader& read, int axis, std::span<float> result) {
  if (axis == 2) return copy_slices(size.k, size.i * size.j, read, result);
  // Order 0 at equal sizes takes each voxel as it is.
  resize_slices(size, read, size, {.order = 0, .slice_axis = axis}, result);
}

}  // namespace

void resize(Int3 size, const SliceReader& read, Int3 new_size, const ResizeRule& rule,
            std::span<float> result) {
  check_order(rule.order, 3);
  HEPAR_EXPECT(size.i > 0 && size.j > 0 && size.k > 0 && new_size.i > 0 && new_size.j > 0 && new_size.k > 0 &&
                   result.size() == static_cast<std::size_t>(new_size.count()),
               "the result has no room for the resized array");
  if (size == new_size) return copy_source(size, read, rule.slice_axis.value_or(2), result);
  if (rule.slice_axis) return resize_slices(size, read, new_size, rule, result);
  if (rule.order == 3) return resize_cubic(size, read, new_size, result);
  resize_linear(size, read, new_size, rule.order, result);
}

}  // namespace hepar
