// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/contour_pixels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <tuple>

namespace hepar::dicom {
namespace {

// Nearer points are taken for the ends of a channel's two ways, in pixels.
constexpr double kChannelWidth = 0.05;

// One place of a loop and the first and last of its points that lie there.
struct Place {
  double strip, y, x;
  std::size_t first, last;
};

// The places of a loop in strips of x two channels wide, by strip, then y. Many points may lie at one place.
std::vector<Place> places_in_strips(const PlaneLoop& loop, double start) {
  std::vector<Place> places(loop.size());
  for (std::size_t n = 0; n < loop.size(); ++n)
    places[n] = {std::floor(loop[n].x / (2 * kChannelWidth) + start), loop[n].y, loop[n].x, n, n};
  std::ranges::sort(places, std::less(), [](const Place& place) {
    return std::tuple(place.strip, place.y, place.x, place.first);
  });
  std::size_t count = 0;
  for (const Place& place : places) {
    if (count > 0 && places[count - 1].x == place.x && places[count - 1].y == place.y) {
      places[count - 1].last = place.last;
    } else {
      places[count++] = place;
    }
  }
  places.resize(count);
  return places;
}

// Whether points that don't follow one another lie almost, but not exactly, at one place. Strips, and strips
// between these, show all near pairs. Few places lie near one that are not such a pair: no contour takes
// long.
bool has_open_channel(const PlaneLoop& loop) {
  const auto follow = [&](std::size_t a, std::size_t b) {
    const std::size_t apart = std::max(a, b) - std::min(a, b);
    return apart <= 1 || apart + 1 >= loop.size();
  };
  for (const double start : {0.0, 0.5}) {
    const std::vector<Place> places = places_in_strips(loop, start);
    for (std::size_t n = 0; n < places.size(); ++n) {
      const Place& a = places[n];
      for (std::size_t m = n + 1; m < places.size(); ++m) {
        const Place& b = places[m];
        if (b.strip != a.strip || b.y - a.y > kChannelWidth) break;
        if (std::abs(b.x - a.x) > kChannelWidth) continue;
        if (!follow(a.first, b.first) || !follow(a.first, b.last) || !follow(a.last, b.first) ||
            !follow(a.last, b.last)) {
          return true;
        }
      }
    }
  }
  return false;
}

PlaneLoop moved(PlaneLoop loop, double x, double y) {
  for (PlanePoint& point : loop) point = {point.x + x, point.y + y};
  return loop;
}

// Of three points on a line the middle one is on the side of a straight edge that two of them are on, but in
// a narrow channel it is alone.
void fill_with_channels(const PlaneLoop& loop, ContourPixels& pixels) {
  std::array<std::vector<std::uint8_t>, 2> beside;
  const double x = kChannelWidth * 1.2, y = kChannelWidth * 1.1;  // not along usual channels
  for (const std::size_t side : {0U, 1U}) {
    beside[side].resize(pixels.inside.size());
    const PlaneLoop shifted = side == 0 ? moved(loop, x, y) : moved(loop, -x, -y);
    fill_loops({&shifted, 1}, pixels.columns, pixels.rows, beside[side]);
  }
  for (std::size_t n = 0; n < pixels.inside.size(); ++n) {
    const int votes = pixels.inside[n] + beside[0][n] + beside[1][n];
    pixels.inside[n] = votes > 1;
  }
}

// Pixels that both hold.
std::int64_t common_count(const ContourPixels& a, const ContourPixels& b) {
  const std::int64_t low_i = std::max(a.low_i, b.low_i);
  const std::int64_t high_i = std::min(a.low_i + a.columns, b.low_i + b.columns);
  const std::int64_t low_j = std::max(a.low_j, b.low_j);
  const std::int64_t high_j = std::min(a.low_j + a.rows, b.low_j + b.rows);
  std::int64_t count = 0;
  for (std::int64_t j = low_j; j < high_j; ++j) {
    const std::uint8_t* const in_a = a.inside.data() + (j - a.low_j) * a.columns + (low_i - a.low_i);
    const std::uint8_t* const in_b = b.inside.data() + (j - b.low_j) * b.columns + (low_i - b.low_i);
    for (std::int64_t i = 0; i < high_i - low_i; ++i) count += in_a[i] & in_b[i];
  }
  return count;
}

struct Overlap {
  std::size_t larger, smaller;  // the smaller one lies within the larger one
};

// How contours that share pixels lie to each other. They are in order of rows, so that those of far rows are
// never compared.
struct Nesting {
  std::vector<Overlap> within;
  std::vector<bool> twice, joined;
};

Nesting compare(const std::vector<ContourPixels>& contours) {
  Nesting nesting{{}, std::vector<bool>(contours.size()), std::vector<bool>(contours.size())};
  for (std::size_t a = 0; a < contours.size(); ++a) {
    for (std::size_t b = a + 1; b < contours.size() && !nesting.twice[a]; ++b) {
      if (contours[b].low_j >= contours[a].low_j + contours[a].rows) break;
      const std::int64_t common = nesting.twice[b] ? 0 : common_count(contours[a], contours[b]);
      if (common == 0) continue;
      const bool a_within = common == contours[a].count, b_within = common == contours[b].count;
      if (a_within && b_within) {
        nesting.twice[b] = true;
      } else if (a_within || b_within) {
        nesting.within.push_back(a_within ? Overlap{b, a} : Overlap{a, b});
      } else {
        nesting.joined[a] = nesting.joined[b] = true;
      }
    }
  }
  return nesting;
}

// How many contours, each within the one before, lie around each.
std::vector<int> depths(const std::vector<ContourPixels>& contours, std::vector<Overlap> within) {
  std::sort(within.begin(), within.end(), [&](const Overlap& a, const Overlap& b) {
    return contours[a.larger].count > contours[b.larger].count;
  });
  std::vector<int> depth(contours.size());
  for (const Overlap& pair : within)
    depth[pair.smaller] = std::max(depth[pair.smaller], depth[pair.larger] + 1);
  return depth;
}

void paint(const ContourPixels& contour, std::uint8_t value, std::int64_t columns,
           std::span<std::uint8_t> slice) {
  for (std::int64_t j = 0; j < contour.rows; ++j) {
    const std::uint8_t* const inside = contour.inside.data() + j * contour.columns;
    std::uint8_t* const row = slice.data() + (j + contour.low_j) * columns + contour.low_i;
    for (std::int64_t i = 0; i < contour.columns; ++i) row[i] = inside[i] != 0 ? value : row[i];
  }
}

}  // namespace

ContourPixels fill_contour(const PlaneLoop& loop, std::int64_t columns, std::int64_t rows) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  PlanePoint low{kInfinity, kInfinity}, high{-kInfinity, -kInfinity};
  for (const PlanePoint& point : loop) {
    low = {std::min(low.x, point.x), std::min(low.y, point.y)};
    high = {std::max(high.x, point.x), std::max(high.y, point.y)};
  }
  // A pixel more on each side, as edges are moved where channels are open.
  const auto bound = [](double value, std::int64_t count) {
    return static_cast<std::int64_t>(std::clamp(value, 0.0, static_cast<double>(count)));
  };
  ContourPixels pixels;
  pixels.low_i = bound(std::ceil(low.x) - 1, columns);
  pixels.low_j = bound(std::ceil(low.y) - 1, rows);
  pixels.columns = bound(std::floor(high.x) + 2, columns) - pixels.low_i;
  pixels.rows = bound(std::floor(high.y) + 2, rows) - pixels.low_j;
  if (loop.size() < 3 || pixels.columns <= 0 || pixels.rows <= 0) return {};
  pixels.inside.resize(static_cast<std::size_t>(pixels.columns * pixels.rows));
  const PlaneLoop in_box =
      moved(loop, static_cast<double>(-pixels.low_i), static_cast<double>(-pixels.low_j));
  fill_loops({&in_box, 1}, pixels.columns, pixels.rows, pixels.inside);
  if (has_open_channel(in_box)) fill_with_channels(in_box, pixels);
  pixels.count = std::count(pixels.inside.begin(), pixels.inside.end(), std::uint8_t{1});
  return pixels;
}

Combination combine_contours(std::vector<ContourPixels> contours, std::int64_t columns,
                             std::span<std::uint8_t> slice) {
  std::erase_if(contours, [](const ContourPixels& contour) { return contour.count == 0; });
  std::stable_sort(contours.begin(), contours.end(),
                   [](const ContourPixels& a, const ContourPixels& b) { return a.low_j < b.low_j; });
  const Nesting nesting = compare(contours);
  const std::vector<int> depth = depths(contours, nesting.within);
  std::vector<std::size_t> order(contours.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return depth[a] < depth[b]; });
  Combination result{std::count(nesting.twice.begin(), nesting.twice.end(), true),
                     std::count(nesting.joined.begin(), nesting.joined.end(), true)};
  for (const std::size_t n : order) {
    if (nesting.twice[n]) continue;
    paint(contours[n], depth[n] % 2 == 0, columns, slice);
    result.hole_count += depth[n] % 2;
  }
  return result;
}

}  // namespace hepar::dicom
