// SPDX-License-Identifier: Apache-2.0
#include "hepar/phantom/vessels.h"

namespace hepar::phantom {
namespace {

constexpr double kMurrayExponent = 2.7;
constexpr double kStepMm = 9;

struct Node {
  Vec3 place;
  std::size_t parent;
  double flow = 0;  // end points behind this node
};

Vec3 jitter(Random& random, double sd) {
  return {random.normal(0, sd), random.normal(0, sd), random.normal(0, sd)};
}

std::size_t nearest_node(const std::vector<Node>& nodes, Vec3 p) {
  std::size_t best = 0;
  for (std::size_t n = 1; n < nodes.size(); ++n)
    if ((nodes[n].place - p).norm() < (nodes[best].place - p).norm()) best = n;
  return best;
}

void connect(std::vector<Node>& nodes, Random& random, Vec3 end) {
  std::size_t at = nearest_node(nodes, end);
  const std::size_t joint = at;
  const Vec3 start = nodes[at].place, way = end - start;
  const int steps = std::max(1, static_cast<int>(way.norm() / kStepMm));
  for (int s = 1; s <= steps; ++s) {
    const Vec3 p = start + (static_cast<double>(s) / steps) * way + jitter(random, s < steps ? 1.2 : 0.0);
    nodes.push_back({p, at});
    at = nodes.size() - 1;
  }
  for (; at != joint; at = nodes[at].parent) nodes[at].flow += 1;
  for (; at != 0; at = nodes[at].parent) nodes[at].flow += 1;
  nodes[0].flow += 1;
}

std::vector<Capsule> grow(Random random, Vec3 root, std::vector<Vec3> ends, double root_radius) {
  std::sort(ends.begin(), ends.end(),
            [&](const Vec3& a, const Vec3& b) { return (a - root).norm() < (b - root).norm(); });
  std::vector<Node> nodes{{root, 0}};
  for (const Vec3& end : ends) connect(nodes, random, end);
  const double unit = root_radius / std::pow(nodes[0].flow, 1 / kMurrayExponent);
  std::vector<Capsule> tubes;
  for (std::size_t n = 1; n < nodes.size(); ++n) {
    const double radius = unit * std::pow(nodes[n].flow, 1 / kMurrayExponent);
    tubes.push_back({nodes[nodes[n].parent].place, nodes[n].place, radius, radius});
  }
  return tubes;
}

}  // namespace

LiverVessels grow_vessels(Random random, const Anatomy& anatomy, int end_points) {
  const auto& places = anatomy.liver_places;
  LiverVessels vessels;
  if (places.empty()) return vessels;
  const auto draw_ends = [&](Random draw, double x_low, double x_high) {
    std::vector<Vec3> ends;
    for (int tries = 0; tries < end_points * 20 && static_cast<int>(ends.size()) < end_points; ++tries) {
      const auto& at =
          places[static_cast<std::size_t>(draw.integer(0, static_cast<std::int64_t>(places.size()) - 1))];
      if (at.distance < -4 && at.place.x >= x_low && at.place.x < x_high)
        ends.push_back(at.place + jitter(draw, 2));
    }
    return ends;
  };
  vessels.portal =
      grow(random.fork(1), anatomy.porta, draw_ends(random.fork(2), -1e3, 1e3), random.uniform(6.5, 8.5));
  // Right, middle and left vein drain strips of the liver from side to side.
  const double limits[4] = {-1e3, -62 * anatomy.scale.x, -12 * anatomy.scale.x, 1e3};
  for (std::uint64_t vein = 0; vein < 3; ++vein) {
    std::vector<Vec3> ends = draw_ends(random.fork(10 + vein), limits[vein], limits[vein + 1]);
    ends.resize(ends.size() / 2);
    const auto tubes = grow(random.fork(20 + vein), anatomy.vein_junction, ends, random.uniform(4.3, 6));
    vessels.hepatic.insert(vessels.hepatic.end(), tubes.begin(), tubes.end());
  }
  return vessels;
}

}  // namespace hepar::phantom
