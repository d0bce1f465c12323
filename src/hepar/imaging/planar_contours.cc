// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/planar_contours.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// low <= i < high in row j.
struct RowRun {
  std::int32_t low, high, j;
};

const std::uint8_t* first_inside(const std::uint8_t* at, const std::uint8_t* end) {
  std::uint64_t word = 0;
  for (; end - at >= std::ptrdiff_t{sizeof word}; at += sizeof word) {
    std::memcpy(&word, at, sizeof word);
    if (word != 0) break;
  }
  return std::find_if(at, end, [](std::uint8_t value) { return value != 0; });
}

std::vector<RowRun> find_runs(std::span<const std::uint8_t> mask, std::int64_t columns) {
  std::vector<RowRun> runs;
  const std::uint8_t* const begin = mask.data();
  const std::uint8_t* const end = begin + mask.size();
  for (const std::uint8_t* at = first_inside(begin, end); at != end; at = first_inside(at, end)) {
    const std::int64_t j = (at - begin) / columns;
    const std::uint8_t* const row = begin + j * columns;
    const auto* stop =
        static_cast<const std::uint8_t*>(std::memchr(at, 0, static_cast<std::size_t>(row + columns - at)));
    if (stop == nullptr) stop = row + columns;
    runs.push_back({static_cast<std::int32_t>(at - row), static_cast<std::int32_t>(stop - row),
                    static_cast<std::int32_t>(j)});
    at = stop;
  }
  return runs;
}

// Walks around the pixels along the left and right edges of the runs: 2 r and 2 r + 1 are those of run r, in
// scan order. The inside is to the right of the way, with y downwards: left edges are walked towards -y,
// right ones towards +y. What lies between two of them along x follows.
class EdgeWalk {
 public:
  explicit EdgeWalk(const std::vector<RowRun>& runs)
      : runs_(runs), next_(2 * runs.size()), loop_(2 * runs.size(), kNone) {
    std::size_t above = 0, here = 0;  // first runs of the two rows beside a line
    while (here < runs.size()) {
      const std::int32_t j = runs[here].j;
      std::size_t below = here;
      while (below < runs.size() && runs[below].j == j) ++below;
      if (above < here && runs[above].j + 1 < j) {
        link_line(above, here, here);
        above = here;
      }
      link_line(above, here, below);
      above = here;
      here = below;
    }
    link_line(above, runs.size(), runs.size());
  }

  std::vector<PlaneRegion> regions(ContourStyle style) {
    std::vector<PlaneRegion> found;
    std::vector<std::size_t> region_of_loop;
    for (std::size_t edge = 0; edge < loop_.size(); ++edge) {
      if (loop_[edge] != kNone) continue;
      PlaneLoop loop = walk(edge, region_of_loop.size(), style);
      if (!is_right(edge)) {
        region_of_loop.push_back(found.size());
        found.push_back({std::move(loop), {}});
      } else {  // a hole beside the run whose left edge has been walked before
        region_of_loop.push_back(region_of_loop[loop_[edge - 1]]);
        found[region_of_loop.back()].holes.push_back(std::move(loop));
      }
    }
    return found;
  }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  static bool is_right(std::size_t edge) { return edge % 2 == 1; }
  double x(std::size_t edge) const {
    return (is_right(edge) ? runs_[edge / 2].high : runs_[edge / 2].low) - 0.5;
  }
  double y(std::size_t edge) const { return runs_[edge / 2].j; }

  // Joins the edges that end on the line between two rows, of runs upper to lower - 1 and lower to last - 1.
  // Along it the rows differ between the first and second edge, the third and fourth, and so on.
  void link_line(std::size_t upper, std::size_t lower, std::size_t last) {
    std::size_t a = 2 * upper, b = 2 * lower;
    const std::size_t a_end = b, b_end = 2 * last;
    std::size_t waiting = kNone;
    while (a < a_end || b < b_end) {
      bool take_a = b == b_end;
      if (a < a_end && b < b_end) {
        // Where two pixels touch at a corner the run that ends goes first, so that they stay apart.
        take_a = x(a) != x(b) ? x(a) < x(b) : is_right(a);
      }
      const std::size_t edge = take_a ? a++ : b++;
      if (waiting == kNone) {
        waiting = edge;
        continue;
      }
      const bool arrives = (waiting < a_end) == is_right(waiting);
      (arrives ? next_[waiting] : next_[edge]) = arrives ? edge : waiting;
      waiting = kNone;
    }
  }

  PlaneLoop walk(std::size_t first, std::size_t number, ContourStyle style) {
    PlaneLoop loop;
    std::size_t edge = first;
    do {
      loop_[edge] = number;
      const std::size_t next = next_[edge];
      const double line_y = y(edge) + (is_right(edge) ? 0.5 : -0.5);
      if (style == ContourStyle::kHalfLevel) add_middles(loop, edge, next, line_y);
      if (style == ContourStyle::kPixelEdges && x(edge) != x(next)) {
        loop.push_back({x(edge), line_y});
        loop.push_back({x(next), line_y});
      }
      edge = next;
    } while (edge != first);
    if (style == ContourStyle::kHalfLevel) close(loop);
    return loop;
  }

  // The middles of the pixel edges from one vertical edge up to the next one.
  void add_middles(PlaneLoop& loop, std::size_t edge, std::size_t next, double line_y) const {
    add(loop, {x(edge), y(edge)});
    const double step = x(next) - x(edge);
    if (step == 0) return;
    const double half = step < 0 ? -0.5 : 0.5;
    add(loop, {x(edge) + half, line_y});
    if (std::abs(step) > 1) add(loop, {x(next) - half, line_y});
  }

  static bool is_straight(PlanePoint a, PlanePoint b, PlanePoint c) {  // exact: all are multiples of 0.5
    return (b.x - a.x) * (c.y - b.y) == (b.y - a.y) * (c.x - b.x);
  }
  static void add(PlaneLoop& loop, PlanePoint point) {
    if (loop.size() > 1 && is_straight(loop[loop.size() - 2], loop.back(), point)) {
      loop.back() = point;
    } else {
      loop.push_back(point);
    }
  }
  static void close(PlaneLoop& loop) {
    while (is_straight(loop[loop.size() - 2], loop.back(), loop.front())) loop.pop_back();
    while (is_straight(loop.back(), loop[0], loop[1])) loop.erase(loop.begin());
  }

  const std::vector<RowRun>& runs_;
  std::vector<std::size_t> next_, loop_;
};

// The pixels that loops may reach: low <= i < high, low <= j < high.
struct PixelRange {
  std::int64_t low = 0, high = 0;
};

PixelRange reached(double low, double high, std::int64_t count) {
  const auto limit = static_cast<double>(count);
  return {static_cast<std::int64_t>(std::clamp(std::ceil(low), 0.0, limit)),
          static_cast<std::int64_t>(std::clamp(std::floor(high) + 1, 0.0, limit))};
}

// Rows and columns in reach, and for each row of them where inside and outside change places.
class ScanLines {
 public:
  ScanLines(std::span<const PlaneLoop> loops, std::int64_t columns, std::int64_t rows) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    PlanePoint low{kInfinity, kInfinity}, high{-kInfinity, -kInfinity};
    for (const PlaneLoop& loop : loops) {
      for (const PlanePoint& point : loop) {
        low = {std::min(low.x, point.x), std::min(low.y, point.y)};
        high = {std::max(high.x, point.x), std::max(high.y, point.y)};
      }
    }
    columns_ = reached(low.x, high.x, columns);
    rows_ = reached(low.y, high.y, rows);
    if (columns_.low >= columns_.high || rows_.low >= rows_.high) return;
    width_ = columns_.high - columns_.low + 1;  // the last one takes what lies beyond
    changes_.resize(static_cast<std::size_t>(width_ * (rows_.high - rows_.low)));
    for (const PlaneLoop& loop : loops) {
      for (std::size_t n = 0; n < loop.size(); ++n) add_edge(loop[n], loop[n + 1 < loop.size() ? n + 1 : 0]);
    }
  }

  void apply(std::int64_t columns, std::span<std::uint8_t> mask) const {
    const std::uint8_t* change = changes_.data();
    for (std::int64_t j = rows_.low; width_ > 0 && j < rows_.high; ++j, change += width_) {
      std::uint8_t* const pixel = mask.data() + j * columns + columns_.low;
      std::uint8_t inside = 0;
      for (std::int64_t i = 0; i + 1 < width_; ++i) {
        inside ^= change[i];
        pixel[i] ^= inside;
      }
    }
  }

 private:
  std::int64_t first_row(double y) const {  // with centres at y or more
    return static_cast<std::int64_t>(
        std::clamp(std::ceil(y), static_cast<double>(rows_.low), static_cast<double>(rows_.high)));
  }

  // The end of lower y comes first and belongs to the edge, the other one doesn't: so no vertex on a row is
  // counted twice or never, and both ways of a keyhole's channel cross at the very same place and cancel.
  void add_edge(PlanePoint from, PlanePoint to) {
    if (from.y > to.y) std::swap(from, to);
    const double slope = (to.x - from.x) / (to.y - from.y);
    for (std::int64_t j = first_row(from.y), end = first_row(to.y); j < end; ++j) {
      const double x = from.x + (static_cast<double>(j) - from.y) * slope;
      const auto i = static_cast<std::int64_t>(
          std::clamp(std::ceil(x), static_cast<double>(columns_.low), static_cast<double>(columns_.high)));
      changes_[static_cast<std::size_t>((j - rows_.low) * width_ + i - columns_.low)] ^= 1;
    }
  }

  PixelRange columns_, rows_;
  std::int64_t width_ = 0;
  std::vector<std::uint8_t> changes_;
};

void check_size(std::size_t pixels, std::int64_t columns, std::int64_t rows) {
  HEPAR_EXPECT(columns > 0 && rows > 0 && static_cast<std::int64_t>(pixels) == columns * rows,
               "the mask is not of columns x rows pixels");
}

}  // namespace

double signed_area(const PlaneLoop& loop) {
  double twice = 0;
  for (std::size_t n = 0; n < loop.size(); ++n) {
    const PlanePoint& a = loop[n];
    const PlanePoint& b = loop[n + 1 < loop.size() ? n + 1 : 0];
    twice += a.x * b.y - b.x * a.y;
  }
  return twice / 2;
}

std::vector<PlaneRegion> trace_regions(std::span<const std::uint8_t> mask, std::int64_t columns,
                                       std::int64_t rows, ContourStyle style) {
  check_size(mask.size(), columns, rows);
  const std::vector<RowRun> runs = find_runs(mask, columns);
  if (runs.empty()) return {};
  return EdgeWalk(runs).regions(style);
}

void fill_loops(std::span<const PlaneLoop> loops, std::int64_t columns, std::int64_t rows,
                std::span<std::uint8_t> mask) {
  check_size(mask.size(), columns, rows);
  ScanLines(loops, columns, rows).apply(columns, mask);
}

}  // namespace hepar
