// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <optional>

#include "hepar/core/error.h"
#include "hepar/imaging/planar_contours.h"

namespace hepar {
namespace {

// Where a hole's channel meets a loop: on the line from point `edge` to the next, or at the point itself.
struct Junction {
  std::size_t hole = 0, loop = 0, edge = 0;  // loop 0 is the outer one, the holes follow
  bool at_point = false;
  PlanePoint place;
  double along = 0;  // distance in y from the point
};

// A hole's channel runs along -x from its first point by y, then x, to the nearest loop there. That loop has
// a point before the hole's first one in the same order, so that channels lead from hole to hole and at last
// to the outer loop. As they end where they meet the first loop none runs over another.
class ChannelSearch {
 public:
  explicit ChannelSearch(const std::vector<const PlaneLoop*>& loops) : loops_(loops) {
    const auto [low, high] = std::minmax_element(loops[0]->begin(), loops[0]->end(),
                                                 [](PlanePoint a, PlanePoint b) { return a.y < b.y; });
    low_ = std::floor(low->y);
    edges_.resize(static_cast<std::size_t>(std::floor(high->y) - low_) + 1);
    for (std::size_t loop = 0; loop < loops.size(); ++loop) {
      for (std::size_t edge = 0; edge < loops[loop]->size(); ++edge) {
        const auto [a, b] = ends(loop, edge);
        for (std::size_t n = band(std::min(a.y, b.y)); n <= band(std::max(a.y, b.y)); ++n) {
          edges_[n].push_back({loop, edge});
        }
      }
    }
  }

  Junction junction(std::size_t hole, PlanePoint start) const {
    std::optional<Junction> nearest;
    for (const auto& [loop, edge] : edges_[band(start.y)]) {
      const std::optional<Junction> met = meet(loop, edge, start);
      if (met && (!nearest || met->place.x > nearest->place.x)) nearest = met;
    }
    HEPAR_EXPECT(nearest, "a hole lies outside of its region");
    nearest->hole = hole;
    return *nearest;
  }

 private:
  struct Edge {
    std::size_t loop, edge;
  };
  struct Ends {
    PlanePoint a, b;
  };

  std::size_t next(std::size_t loop, std::size_t point) const {
    return point + 1 < loops_[loop]->size() ? point + 1 : 0;
  }
  Ends ends(std::size_t loop, std::size_t edge) const {
    return {(*loops_[loop])[edge], (*loops_[loop])[next(loop, edge)]};
  }
  std::size_t band(double y) const {
    const double number = std::floor(y) - low_;
    HEPAR_EXPECT(number >= 0 && number < static_cast<double>(edges_.size()),
                 "a hole lies outside of its region");
    return static_cast<std::size_t>(number);
  }

  // Whether the inside, which lies to the right of the way with y downwards, lies beyond a point along +x:
  // where two pixels touch at a corner a loop may pass twice, and only one of the passes bounds the channel's
  // side.
  bool opens_to_x(std::size_t loop, std::size_t point) const {
    const PlaneLoop& points = *loops_[loop];
    const PlanePoint here = points[point], after = points[next(loop, point)];
    const PlanePoint before = points[(point + points.size() - 1) % points.size()];
    const double out_x = after.x - here.x, out_y = after.y - here.y;
    const double back_x = before.x - here.x, back_y = before.y - here.y;
    if (out_x * back_y - out_y * back_x > 0) return out_y < 0 && back_y > 0;
    return back_y > 0 || out_y < 0;
  }

  std::optional<Junction> meet(std::size_t loop, std::size_t edge, PlanePoint start) const {
    const auto [a, b] = ends(loop, edge);
    // Points are met as the first ones of their lines, as every point is.
    if (a.y == start.y && a.x < start.x && opens_to_x(loop, edge)) return Junction{0, loop, edge, true, a, 0};
    if ((a.y < start.y) == (b.y < start.y) || a.y == start.y || b.y == start.y) return std::nullopt;
    const double x = a.x + (start.y - a.y) * (b.x - a.x) / (b.y - a.y);
    if (x >= start.x) return std::nullopt;
    return Junction{0, loop, edge, false, {x, start.y}, std::abs(start.y - a.y)};
  }

  const std::vector<const PlaneLoop*>& loops_;
  double low_ = 0;
  std::vector<std::vector<Edge>> edges_;  // by whole y
};

// All loops as one ring of points, each followed by another.
class Ring {
 public:
  explicit Ring(const std::vector<const PlaneLoop*>& loops) {
    for (const PlaneLoop* loop : loops) {
      base_.push_back(points_.size());
      points_.insert(points_.end(), loop->begin(), loop->end());
      for (std::size_t n = 1; n <= loop->size(); ++n) next_.push_back(base_.back() + n % loop->size());
    }
  }
  std::size_t node(std::size_t loop, std::size_t point) const { return base_[loop] + point; }
  PlanePoint at(std::size_t node) const { return points_[node]; }
  std::size_t insert_after(std::size_t node, PlanePoint point) {
    points_.push_back(point);
    next_.push_back(next_[node]);
    return next_[node] = points_.size() - 1;
  }
  // What followed a now follows b, and the other way round: joins two rings.
  void exchange(std::size_t a, std::size_t b) { std::swap(next_[a], next_[b]); }
  PlaneLoop loop() const {
    PlaneLoop loop;
    std::size_t node = 0;
    do {
      loop.push_back(points_[node]);
      node = next_[node];
    } while (node != 0);
    return loop;
  }

 private:
  PlaneLoop points_;
  std::vector<std::size_t> base_, next_;
};

std::size_t first_point(const PlaneLoop& loop) {
  const auto is_before = [](PlanePoint a, PlanePoint b) { return a.y != b.y ? a.y < b.y : a.x < b.x; };
  return static_cast<std::size_t>(std::min_element(loop.begin(), loop.end(), is_before) - loop.begin());
}

}  // namespace

PlaneLoop keyhole_loop(const PlaneRegion& region) {
  if (region.holes.empty()) return region.outer;
  std::vector<const PlaneLoop*> loops{&region.outer};
  for (const PlaneLoop& hole : region.holes) loops.push_back(&hole);
  const ChannelSearch search(loops);
  Ring ring(loops);
  std::vector<Junction> junctions;
  // Nodes of each hole's first point: where the way around it begins, and where it ends.
  std::vector<std::size_t> begin(loops.size()), end(loops.size());
  for (std::size_t hole = 1; hole < loops.size(); ++hole) {
    const std::size_t first = first_point(*loops[hole]), size = loops[hole]->size();
    junctions.push_back(search.junction(hole, (*loops[hole])[first]));
    begin[hole] = ring.node(hole, first);
    end[hole] = ring.insert_after(ring.node(hole, (first + size - 1) % size), ring.at(begin[hole]));
  }
  // The farthest along an edge first: each goes right behind the edge's first point.
  std::sort(junctions.begin(), junctions.end(),
            [](const Junction& a, const Junction& b) { return a.along > b.along; });
  for (const Junction& junction : junctions) {
    std::size_t node = ring.node(junction.loop, junction.edge);
    // A channel that arrives where another leaves comes after the way around the hole, or the two would
    // cross.
    const bool at_end = junction.at_point && junction.loop > 0 && node == begin[junction.loop];
    if (at_end) node = end[junction.loop];
    if (!junction.at_point) node = ring.insert_after(node, junction.place);
    const std::size_t back = ring.insert_after(node, ring.at(node));
    if (at_end) end[junction.loop] = back;
    ring.exchange(node, end[junction.hole]);
  }
  return ring.loop();
}

}  // namespace hepar
