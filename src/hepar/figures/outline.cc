// SPDX-License-Identifier: Apache-2.0
#include "hepar/figures/outline.h"

#include <array>

namespace hepar {
namespace {

// A border piece of unit length from corner (x, y); the inside lies to its right.
struct Border {
  std::int64_t x, y;
  std::size_t direction;  // 0: +x, 1: +y, 2: -x, 3: -y
  friend bool operator==(const Border&, const Border&) = default;
};

constexpr std::array<std::int64_t, 4> kStepX{1, 0, -1, 0}, kStepY{0, 1, 0, -1};

class BorderWalk {
 public:
  BorderWalk(const AxialPlane<std::uint8_t>& plane, const std::function<bool(std::uint8_t)>& inside)
      : width_(plane.width),
        height_(plane.height),
        inside_(plane.pixels.size()),
        seen_(plane.pixels.size() + 1) {
    for (std::size_t n = 0; n < inside_.size(); ++n) inside_[n] = inside(plane.pixels[n]);
  }

  std::vector<PlaneLoop> loops() {
    std::vector<PlaneLoop> found;
    for (std::int64_t y = 0; y < height_; ++y) {
      for (std::int64_t x = 0; x < width_; ++x) {
        const Border start{x, y, 0};  // every loop has a piece of this direction
        if (is_border(start) && !seen_[offset(x, y)]) found.push_back(walk(start));
      }
    }
    return found;
  }

 private:
  std::size_t offset(std::int64_t x, std::int64_t y) const {
    return static_cast<std::size_t>(x + width_ * y);
  }
  bool holds(std::int64_t x, std::int64_t y) const {
    return x >= 0 && y >= 0 && x < width_ && y < height_ && inside_[offset(x, y)];
  }
  bool is_border(const Border& b) const {
    switch (b.direction) {
      case 0:
        return holds(b.x, b.y) && !holds(b.x, b.y - 1);
      case 1:
        return holds(b.x - 1, b.y) && !holds(b.x, b.y);
      case 2:
        return holds(b.x - 1, b.y - 1) && !holds(b.x - 1, b.y);
      default:
        return holds(b.x, b.y - 1) && !holds(b.x - 1, b.y - 1);
    }
  }

  Border next(const Border& b) const {
    Border n{b.x + kStepX[b.direction], b.y + kStepY[b.direction], 0};
    for (const std::size_t turn : {1U, 0U, 3U}) {  // right first: pixels joined by a corner stay apart
      n.direction = (b.direction + turn) % 4;
      if (is_border(n)) break;
    }
    return n;
  }

  PlaneLoop walk(const Border& start) {
    PlaneLoop loop;
    Border b = start;
    do {
      if (b.direction == 0) seen_[offset(b.x, b.y)] = true;
      loop.push_back({static_cast<double>(b.x) + 0.5 * static_cast<double>(kStepX[b.direction]),
                      static_cast<double>(b.y) + 0.5 * static_cast<double>(kStepY[b.direction])});
      b = next(b);
    } while (!(b == start));
    return loop;
  }

  std::int64_t width_, height_;
  std::vector<bool> inside_, seen_;
};

}  // namespace

std::vector<PlaneLoop> outline(const AxialPlane<std::uint8_t>& plane,
                               const std::function<bool(std::uint8_t)>& inside) {
  return BorderWalk(plane, inside).loops();
}

PlaneLoop without_straight_points(const PlaneLoop& loop) {
  PlaneLoop corners;
  for (std::size_t n = 0; n < loop.size(); ++n) {
    const PlanePoint a = loop[(n + loop.size() - 1) % loop.size()], b = loop[n],
                     c = loop[(n + 1) % loop.size()];
    const bool straight = (b.x - a.x) * (c.y - b.y) == (b.y - a.y) * (c.x - b.x);  // exact: all are halves
    if (!straight) corners.push_back(b);
  }
  return corners;
}

}  // namespace hepar
