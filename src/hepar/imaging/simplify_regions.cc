// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <utility>

#include "hepar/core/error.h"
#include "hepar/imaging/planar_contours.h"

namespace hepar {
namespace {

// How far lines that replace others stay away from pixel centres: more than rounding to 0.001 mm moves them.
constexpr double kClearanceMm = 0.003;

// Two neighbouring pixel centres between which a loop passes: at (at, low) and (at, low + 1), or with x and y
// exchanged.
//
// A traced loop is a walk through the squares between four centres, from gate to gate, and every gate is
// passed by one loop once. A straight line that passes the same gates as the part of a loop it replaces stays
// in the same squares. So no centre comes to lie on another side. Nor do two loops come to cross: only a
// square with two pixels inside at opposite corners has two ways through it, and these keep to different
// sides of its other diagonal.
struct Gate {
  bool across_x;  // `at` is an x
  double at, low;
};

class LoopSimplifier {
 public:
  LoopSimplifier(const PlaneLoop& loop, double column_spacing_mm, double row_spacing_mm, double tolerance_mm)
      : points_(loop),
        spacing_{column_spacing_mm, row_spacing_mm},
        tolerance_mm_(tolerance_mm),
        kept_(loop.size() + 1) {
    std::rotate(points_.begin(), std::min_element(points_.begin(), points_.end(), is_before), points_.end());
    points_.push_back(points_.front());
    gate_start_.push_back(0);
    for (std::size_t n = 0; n + 1 < points_.size(); ++n) {
      add_gates(points_[n], points_[n + 1]);
      gate_start_.push_back(gates_.size());
    }
  }

  PlaneLoop simplified() {
    const std::size_t end = points_.size() - 1;
    kept_.front() = kept_.back() = true;
    std::vector<std::pair<std::size_t, std::size_t>> parts;
    const std::size_t middle = farthest(0, end).first;
    kept_[middle] = true;
    parts = {{0, middle}, {middle, end}};
    while (!parts.empty()) {
      const auto [first, last] = parts.back();
      parts.pop_back();
      if (last - first < 2) continue;
      const auto [worst, distance_mm] = farthest(first, last);
      if (distance_mm <= tolerance_mm_ && passes_gates(first, last)) continue;
      kept_[worst] = true;
      parts.emplace_back(first, worst);
      parts.emplace_back(worst, last);
    }
    PlaneLoop left;
    for (std::size_t n = 0; n < end; ++n) {
      if (kept_[n]) left.push_back(points_[n]);
    }
    return left;
  }

 private:
  static bool is_before(PlanePoint a, PlanePoint b) { return a.y != b.y ? a.y < b.y : a.x < b.x; }

  void add_gates(PlanePoint from, PlanePoint to) {
    for (double x = std::ceil(std::min(from.x, to.x)); from.x != to.x && x <= std::max(from.x, to.x); ++x)
      gates_.push_back({true, x, std::floor(from.y + (x - from.x) * (to.y - from.y) / (to.x - from.x))});
    for (double y = std::ceil(std::min(from.y, to.y)); from.y != to.y && y <= std::max(from.y, to.y); ++y)
      gates_.push_back({false, y, std::floor(from.x + (y - from.y) * (to.x - from.x) / (to.y - from.y))});
  }

  // The point between two others that lies farthest from the line between them.
  std::pair<std::size_t, double> farthest(std::size_t first, std::size_t last) const {
    const PlanePoint a = points_[first];
    const double dx = (points_[last].x - a.x) * spacing_.x, dy = (points_[last].y - a.y) * spacing_.y;
    const double length2 = dx * dx + dy * dy;
    std::pair<std::size_t, double> worst{first + 1, -1};
    for (std::size_t n = first + 1; n < last; ++n) {
      const double px = (points_[n].x - a.x) * spacing_.x, py = (points_[n].y - a.y) * spacing_.y;
      const double t = length2 > 0 ? std::clamp((px * dx + py * dy) / length2, 0.0, 1.0) : 0.0;
      const double distance2 = (px - t * dx) * (px - t * dx) + (py - t * dy) * (py - t * dy);
      if (distance2 > worst.second) worst = {n, distance2};
    }
    return {worst.first, std::sqrt(worst.second)};
  }

  bool passes_gates(std::size_t first, std::size_t last) const {
    const PlanePoint a = points_[first], b = points_[last];
    for (std::size_t n = gate_start_[first]; n < gate_start_[last]; ++n) {
      if (!passes(a, b, gates_[n])) return false;
    }
    return true;
  }

  bool passes(PlanePoint a, PlanePoint b, const Gate& gate) const {
    double clearance = kClearanceMm / (gate.across_x ? spacing_.y : spacing_.x);
    if (!gate.across_x) std::swap(a.x, a.y), std::swap(b.x, b.y);
    if (a.x == b.x || gate.at < std::min(a.x, b.x) || gate.at > std::max(a.x, b.x)) return false;
    const double y = a.y + (gate.at - a.x) * (b.y - a.y) / (b.x - a.x);
    return y >= gate.low + clearance && y <= gate.low + 1 - clearance;
  }

  PlaneLoop points_;  // the first one again at the end
  PlanePoint spacing_;
  double tolerance_mm_;
  std::vector<bool> kept_;
  std::vector<Gate> gates_;
  std::vector<std::size_t> gate_start_;  // of the line from each point on
};

}  // namespace

void simplify_regions(std::vector<PlaneRegion>& regions, double column_spacing_mm, double row_spacing_mm,
                      double tolerance_mm) {
  HEPAR_EXPECT(column_spacing_mm > 0 && row_spacing_mm > 0 && tolerance_mm >= 0,
               "spacings must be positive, the tolerance not negative");
  const auto simplify = [&](PlaneLoop& loop) {
    loop = LoopSimplifier(loop, column_spacing_mm, row_spacing_mm, tolerance_mm).simplified();
  };
  for (PlaneRegion& region : regions) {
    simplify(region.outer);
    for (PlaneLoop& hole : region.holes) simplify(hole);
  }
}

}  // namespace hepar
