// SPDX-License-Identifier: Apache-2.0
#include "hepar/imaging/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"
#include "hepar/tensors/test_npy.h"

namespace hepar {
namespace {

using Json = nlohmann::json;

struct Array {
  Int3 size;
  std::vector<float> values;
};

// Slices of an array across an axis, the lower other axis fastest.
SliceReader slices_of(const Array& array, int axis) {
  return [&array, axis](std::int64_t n, std::span<float> slice) {
    const Int3 stride{1, array.size.i, array.size.i * array.size.j};
    const int width = axis == 0 ? 1 : 0, height = axis == 2 ? 1 : 2;
    std::size_t to = 0;
    for (std::int64_t y = 0; y < array.size[height]; ++y) {
      for (std::int64_t x = 0; x < array.size[width]; ++x) {
        slice[to++] =
            array.values[static_cast<std::size_t>(n * stride[axis] + y * stride[height] + x * stride[width])];
      }
    }
  };
}

std::vector<float> resized(const Array& array, Int3 new_size, const ResizeRule& rule) {
  std::vector<float> result(static_cast<std::size_t>(new_size.count()), -99);
  resize(array.size, slices_of(array, rule.slice_axis.value_or(2)), new_size, rule, result);
  return result;
}

Array noise(Int3 size, std::uint64_t seed) {
  Array array{size, {}};
  Random random(seed);
  for (std::int64_t n = 0; n < size.count(); ++n) {
    array.values.push_back(static_cast<float>(random.normal(0, 100)));
  }
  return array;
}

// One line by the textbook: padded, filtered over its whole length, weighed; in double.
std::vector<double> cubic_line(const std::vector<double>& line, std::int64_t new_size) {
  constexpr std::int64_t kPad = 12;
  const double z = std::sqrt(3.0) - 2;
  std::vector<double> c(kPad, line.front());
  c.insert(c.end(), line.begin(), line.end());
  c.insert(c.end(), kPad, line.back());
  const std::size_t n = c.size();
  // Mirrored about its ends the line has the period 2 n - 2: a geometric series gives the start.
  double first = c[0] + std::pow(z, n - 1) * c[n - 1];
  for (std::size_t i = 1; i + 1 < n; ++i) first += (std::pow(z, i) + std::pow(z, 2 * n - 2 - i)) * c[i];
  c[0] = 6 * first / (1 - std::pow(z, 2 * n - 2));
  for (std::size_t i = 1; i < n; ++i) c[i] = 6 * c[i] + z * c[i - 1];
  c[n - 1] = z / (z * z - 1) * (z * c[n - 2] + c[n - 1]);
  for (std::size_t i = n - 1; i-- > 0;) c[i] = z * (c[i + 1] - c[i]);
  std::vector<double> result;
  for (std::int64_t t = 0; t < new_size; ++t) {
    const double at =
        (static_cast<double>(t) + 0.5) * static_cast<double>(line.size()) / static_cast<double>(new_size) -
        0.5 + kPad;
    double sum = 0;
    const auto below = static_cast<std::int64_t>(std::floor(at));
    for (std::int64_t i = below - 1; i <= below + 2; ++i) {
      const double d = std::abs(at - static_cast<double>(i));  // the cubic B-spline itself
      sum +=
          c[static_cast<std::size_t>(i)] * (d < 1 ? 2.0 / 3 - d * d * (2 - d) / 2 : std::pow(2 - d, 3) / 6);
    }
    result.push_back(sum);
  }
  return result;
}

// The same along all three axes, without cutting.
std::vector<double> cubic_by_lines(const Array& array, Int3 new_size) {
  std::vector<double> values(array.values.begin(), array.values.end());
  Int3 size = array.size;
  for (int axis = 0; axis < 3; ++axis) {
    Int3 next = size;
    next[axis] = new_size[axis];
    std::vector<double> result(static_cast<std::size_t>(next.count()));
    const Int3 from{1, size.i, size.i * size.j}, to{1, next.i, next.i * next.j};
    const int a = axis == 0 ? 1 : 0, b = axis == 2 ? 1 : 2;
    for (std::int64_t y = 0; y < size[b]; ++y) {
      for (std::int64_t x = 0; x < size[a]; ++x) {
        std::vector<double> line;
        for (std::int64_t t = 0; t < size[axis]; ++t) {
          line.push_back(values[static_cast<std::size_t>(x * from[a] + y * from[b] + t * from[axis])]);
        }
        line = cubic_line(line, new_size[axis]);
        for (std::int64_t t = 0; t < new_size[axis]; ++t) {
          result[static_cast<std::size_t>(x * to[a] + y * to[b] + t * to[axis])] =
              line[static_cast<std::size_t>(t)];
        }
      }
    }
    values = result;
    size = next;
  }
  return values;
}

struct Golden {
  Json entry;
  ResizeRule rule(int order) const {
    ResizeRule rule{.order = order, .slice_axis = {}};
    if (entry["do_separate_z"].get<bool>()) rule.slice_axis = 2 - entry["axis"].get<int>();  // of k, j, i
    return rule;
  }
  Int3 size(const char* key) const { return {entry[key][2], entry[key][1], entry[key][0]}; }
  std::vector<double> array(const char* key) const {
    std::string path = HEPAR_GOLDEN "/nnunet/unit/";
    path += entry[key].get<std::string>();
    return read_npy(path).values;
  }
};

std::vector<Golden> golden() {
  std::vector<Golden> all;
  const Json index = Json::parse(read_text_file(HEPAR_GOLDEN "/nnunet/unit/index.json"));
  for (const Json& entry : index["resample"]) {
    all.push_back({entry});
  }
  return all;
}

TEST(Resize, EqualsUpstreamToTheLastBit) {
  const auto entries = golden();
  ASSERT_EQ(entries.size(), 10u);
  for (const Golden& golden : entries) {
    const auto input = golden.array("input");
    const Array array{golden.size("shape"), {input.begin(), input.end()}};
    for (const auto& [order, key] : {std::pair{3, "data_order3"}, std::pair{1, "prob_order1"}}) {
      const auto result = resized(array, golden.size("new_shape"), golden.rule(order));
      const auto wanted = golden.array(key);
      ASSERT_EQ(result.size(), wanted.size());
      std::size_t different = 0;
      for (std::size_t n = 0; n < result.size(); ++n) different += result[n] != wanted[n] ? 1 : 0;
      EXPECT_EQ(different, 0u) << "order " << order << " of " << golden.entry;
    }
  }
}

TEST(Resize, CubicByBlocksEqualsWholeLines) {
  // Blocks of 32 slices: ends of the line before, on and after block ends; many blocks; growing and
  // shrinking.
  for (const auto& [size, new_size] : {std::pair<std::int64_t, std::int64_t>{1, 3},
                                       {2, 5},
                                       {3, 1},
                                       {8, 20},
                                       {31, 40},
                                       {32, 33},
                                       {33, 32},
                                       {44, 50},
                                       {63, 30},
                                       {64, 64},
                                       {65, 200},
                                       {76, 20},
                                       {97, 240},
                                       {300, 61}}) {
    const Array array = noise({5, 3, size}, static_cast<std::uint64_t>(size));
    const Int3 target{4, 4, new_size};
    const auto result = resized(array, target, {.order = 3, .slice_axis = {}});
    const auto [low, high] = std::minmax_element(array.values.begin(), array.values.end());
    const auto wanted = cubic_by_lines(array, target);
    for (std::size_t n = 0; n < result.size(); ++n) {
      const double value = std::clamp<double>(wanted[n], *low, *high);
      ASSERT_EQ(result[n], static_cast<float>(value)) << size << " -> " << new_size;
    }
  }
}

TEST(Resize, ConstantsStayConstant) {
  for (const int order : {0, 1, 3}) {
    for (const std::optional<int> axis : {std::optional<int>{}, {0}, {1}, {2}}) {
      for (const Int3 size : {Int3{1, 1, 1}, Int3{2, 7, 5}, Int3{17, 1, 40}}) {
        const Array array{size, std::vector<float>(static_cast<std::size_t>(size.count()), 0.1F)};
        const auto result = resized(array, {9, 5, 35}, {order, axis});
        EXPECT_TRUE(std::all_of(result.begin(), result.end(), [](float v) { return v == 0.1F; }));
      }
    }
  }
}

TEST(Resize, LinesByHand) {
  const Array line{{1, 1, 3}, {0, 4, 8}};
  // 6 voxels lie at -0.25, 0.25, 0.75, ... of 3; linear sums of them, the ends going on.
  EXPECT_EQ(resized(line, {1, 1, 6}, {.order = 1, .slice_axis = {}}), (std::vector<float>{0, 1, 3, 5, 7, 8}));
  EXPECT_EQ(resized(line, {1, 1, 6}, {.order = 0, .slice_axis = {}}), (std::vector<float>{0, 0, 4, 4, 8, 8}));
  // One voxel lies at 1, on the middle sample, through which the spline passes.
  EXPECT_EQ(resized(line, {1, 1, 1}, {.order = 3, .slice_axis = {}}), (std::vector<float>{4}));
  // Two voxels lie at -0.5 + 0.75 = 0.25 and 1.75.
  EXPECT_EQ(resized(line, {1, 1, 2}, {.order = 1, .slice_axis = {}}), (std::vector<float>{1, 7}));
  // Halves go to the higher sample: 2 of 4 lie at 0.5 and 2.5.
  EXPECT_EQ(resized({{4, 1, 1}, {1, 2, 3, 4}}, {2, 1, 1}, {.order = 0, .slice_axis = {}}),
            (std::vector<float>{2, 4}));
}

TEST(Resize, CubicRampsStayRampsInTheMiddle) {
  Array ramp{{4, 4, 80}, {}};
  for (std::int64_t n = 0; n < ramp.size.count(); ++n) ramp.values.push_back(static_cast<float>(n / 16));
  const auto result = resized(ramp, {4, 4, 100}, {.order = 3, .slice_axis = {}});
  // The bend at the ends, where the line goes on flat, has faded to 0.27^12 < 1e-6 there.
  for (std::int64_t k = 20; k < 80; ++k) {
    EXPECT_NEAR(result[static_cast<std::size_t>(16 * k)], (static_cast<double>(k) + 0.5) * 0.8 - 0.5, 1e-5);
  }
}

TEST(Resize, CutsToTheRangeOfTheSourceOrOfTheSlice) {
  // Two slices with an edge each, from 0 to 1 and from 0 to 8: the spline overshoots by a tenth.
  Array edges{{16, 1, 2}, std::vector<float>(32)};
  for (std::size_t i = 8; i < 16; ++i) edges.values[i] = 1, edges.values[16 + i] = 8;
  const auto sliced = resized(edges, {40, 1, 2}, {.order = 3, .slice_axis = 2});
  EXPECT_EQ(*std::max_element(sliced.begin(), sliced.begin() + 40), 1.0F);
  EXPECT_EQ(*std::max_element(sliced.begin() + 40, sliced.end()), 8.0F);
  const auto whole = resized(edges, {40, 1, 4}, {.order = 3, .slice_axis = {}});
  const auto [low, high] = std::minmax_element(whole.begin(), whole.end());
  EXPECT_EQ(*low, 0.0F);
  EXPECT_EQ(*high, 8.0F);
}

TEST(Resize, EqualSizesAreLeftAlone) {
  const Array array = noise({5, 6, 7}, 3);
  for (const std::optional<int> axis : {std::optional<int>{}, {0}, {1}, {2}}) {
    EXPECT_EQ(resized(array, array.size, {3, axis}), array.values);
  }
}

TEST(Resize, SameBytesForAnyThreadCount) {
  const Array array = noise({40, 41, 70}, 8);
  const int threads = thread_count();
  for (const int order : {1, 3}) {
    for (const std::optional<int> axis : {std::optional<int>{}, {1}}) {
      set_thread_count(1);
      const auto alone = resized(array, {33, 50, 90}, {order, axis});
      set_thread_count(3);
      EXPECT_EQ(alone, resized(array, {33, 50, 90}, {order, axis}));
    }
  }
  set_thread_count(threads);
}

TEST(Resize, RefusesOrdersItDoesNotKnow) {
  for (const int order : {-1, 2, 4}) {
    try {
      resized(noise({2, 2, 2}, 1), {3, 3, 3}, {order, {}});
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
      EXPECT_NE(std::string(error.what()).find("order " + std::to_string(order)), std::string::npos);
    }
  }
  std::vector<float> result(7);
  EXPECT_THROW(resize(
                   {2, 2, 2}, [](std::int64_t, std::span<float>) {}, {2, 2, 2}, {}, result),
               Error);
}

TEST(ResizeLabels, EqualsUpstream) {
  for (const Golden& golden : golden()) {
    const auto input = golden.array("seg");
    std::vector<std::int16_t> labels;
    for (const double v : input) labels.push_back(static_cast<std::int16_t>(v));
    std::vector<std::int16_t> result(static_cast<std::size_t>(golden.size("new_shape").count()));
    resize_labels(golden.size("shape"), labels, golden.size("new_shape"), golden.rule(1), result);
    const auto wanted = golden.array("seg_order1");
    ASSERT_EQ(result.size(), wanted.size());
    std::size_t different = 0;
    for (std::size_t n = 0; n < result.size(); ++n) different += result[n] != wanted[n] ? 1 : 0;
    EXPECT_EQ(different, 0u) << golden.entry;
  }
}

std::vector<std::int16_t> resized_labels(std::vector<std::int16_t> line, std::int64_t new_size,
                                         int order = 1) {
  std::vector<std::int16_t> result(static_cast<std::size_t>(new_size), -99);
  resize_labels({static_cast<std::int64_t>(line.size()), 1, 1}, line, {new_size, 1, 1},
                {.order = order, .slice_axis = {}}, result);
  return result;
}

TEST(ResizeLabels, ByHand) {
  // Each result lies midway between two samples, so both have 0.5 and the greater label is written last.
  EXPECT_EQ(resized_labels({3, 1, -1, 0, 5, 5}, 3), (std::vector<std::int16_t>{3, 0, 5}));
  // Doubled, each sample keeps three quarters of its two halves.
  EXPECT_EQ(resized_labels({7, -1, 2}, 6), (std::vector<std::int16_t>{7, 7, -1, -1, 2, 2}));
  EXPECT_EQ(resized_labels({7, -1, 2}, 2, 0), (std::vector<std::int16_t>{7, 2}));
}

TEST(ResizeLabels, WhereNoLabelHasHalfItIsZero) {
  // The centre of 2 x 2 voxels sees four labels with a quarter each.
  std::vector<std::int16_t> result(1, -99);
  resize_labels({2, 2, 1}, std::vector<std::int16_t>{1, 2, 3, 4}, {1, 1, 1}, {.order = 1, .slice_axis = {}},
                result);
  EXPECT_EQ(result[0], 0);
}

TEST(ResizeLabels, RefusesCubic) { EXPECT_THROW(resized_labels({1, 2}, 3, 3), Error); }

}  // namespace
}  // namespace hepar
