// SPDX-License-Identifier: Apache-2.0
#include "hepar/windows/predict_logits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/windows/sliding_window.h"
#include "hepar/windows/test_engine.h"
#include "hepar/windows/test_half.h"

namespace hepar {
namespace {

std::size_t at(const TensorShape& s, std::int64_t c, std::int64_t d, std::int64_t h, std::int64_t w) {
  return static_cast<std::size_t>(((c * s.d + d) * s.h + h) * s.w + w);
}

void expect_echo(const Tensor& image, const Tensor& logits) {
  ASSERT_EQ(logits.shape, (TensorShape{1, 2, image.shape.d, image.shape.h, image.shape.w}));
  const auto voxels = static_cast<std::size_t>(image.shape.voxels());
  for (std::size_t n = 0; n < voxels; ++n) {
    // Weighted means of one and the same value: off by rounding only.
    ASSERT_NEAR(logits.values[n], image.values[n], 1e-5);
    ASSERT_NEAR(logits.values[voxels + n], -2 * image.values[n], 2e-5);
  }
}

TEST(PredictLogits, OverlappingWindowsAgreeingOnAVoxelLeaveItAsItIs) {
  const Tensor image = random_tensor({1, 1, 9, 17, 23}, 1);
  expect_echo(image, predict_logits(image, FoldEngines(fake_folds({echo})), {.patch = {4, 6, 8}}));
}

TEST(PredictLogits, SmallImagesArePaddedAndCutBack) {
  const Tensor image = random_tensor({1, 1, 3, 17, 5}, 1);
  expect_echo(image, predict_logits(image, FoldEngines(fake_folds({echo})), {.patch = {4, 6, 8}}));
}

TEST(PredictLogits, PaddingIsZeroAndBeforeByTheSmallerHalfInEveryChannel) {
  const Tensor image({1, 2, 1, 1, 1}, 7.0f);
  std::vector<float> seen;
  const FoldEngines folds(fake_folds({[&](const Tensor& input) {
    seen = input.values;
    return echo(input);
  }}));
  predict_logits(image, folds, {.patch = {1, 1, 4}});
  // 3 voxels of rest: 1 before, 2 after.
  EXPECT_EQ(seen, (std::vector<float>{0, 7, 0, 0, 0, 7, 0, 0}));
}

TEST(PredictLogits, PatchesOfOneSliceSeeEverySliceOnce) {
  const Tensor image = random_tensor({1, 1, 5, 4, 6}, 1);
  int calls = 0;
  const FoldEngines folds(fake_folds({[&](const Tensor& input) {
    ++calls;
    return echo(input);
  }}));
  expect_echo(image, predict_logits(image, folds, {.patch = {1, 4, 4}}));
  EXPECT_EQ(calls, 5 * 2);  // 6 voxels in windows of 4: two
}

// A network that is different at every place of its patch and for every fold, with 3 heads.
FakeNetwork uneven(int fold) {
  return [fold](const Tensor& input) {
    TensorShape shape = input.shape;
    shape.c = 3;
    Tensor output(shape);
    for (std::size_t n = 0; n < output.values.size(); ++n) {
      const float place = std::sin(static_cast<float>(n % 977) * 0.37f + static_cast<float>(fold));
      output.values[n] = 4 * place * input.values[n % input.values.size()] + 2 * place;
    }
    return output;
  };
}

// What nnU-Net does over the whole volume, written down step by step in float32; `round` is what storing a
// value in its arrays does to it.
template <class Round>
Tensor whole_volume(const Tensor& image, const std::vector<FakeNetwork>& networks, const Kernel3& patch,
                    const std::vector<float>& weights, const Round& round) {
  const TensorShape& s = image.shape;
  const Kernel3 size{s.d, s.h, s.w};
  const TensorShape all{1, 3, s.d, s.h, s.w};
  std::vector<float> mean(static_cast<std::size_t>(all.count()));
  std::array<std::int64_t, 3> before{};
  std::array<std::vector<std::int64_t>, 3> starts;
  for (std::size_t a = 0; a < 3; ++a) {
    before[a] = std::max<std::int64_t>(0, patch[a] - size[a]) / 2;
    starts[a] = window_starts(std::max(size[a], patch[a]), patch[a], 0.5);
  }
  for (const FakeNetwork& network : networks) {
    std::vector<float> sums(mean.size()), weight_sums(mean.size());
    for (const auto d0 : starts[0])
      for (const auto h0 : starts[1])
        for (const auto w0 : starts[2]) {
          Tensor input({1, 1, patch[0], patch[1], patch[2]});
          const auto visit = [&](const auto& use) {
            for (std::int64_t d = 0; d < patch[0]; ++d)
              for (std::int64_t h = 0; h < patch[1]; ++h)
                for (std::int64_t w = 0; w < patch[2]; ++w) {
                  const std::int64_t z = d0 + d - before[0], y = h0 + h - before[1], x = w0 + w - before[2];
                  if (z < 0 || y < 0 || x < 0 || z >= s.d || y >= s.h || x >= s.w) continue;
                  use(at(input.shape, 0, d, h, w), z, y, x);
                }
          };
          visit([&](std::size_t n, auto z, auto y, auto x) {
            input.values[n] = image.values[at(s, 0, z, y, x)];
          });
          const Tensor logits = network(input);
          for (std::int64_t head = 0; head < 3; ++head) {
            visit([&](std::size_t n, auto z, auto y, auto x) {
              const std::size_t to = at(all, head, z, y, x);
              const float product =
                  logits.values[static_cast<std::size_t>(head * input.shape.voxels()) + n] * weights[n];
              sums[to] = round(sums[to] + product);
              weight_sums[to] = round(weight_sums[to] + weights[n]);
            });
          }
        }
    for (std::size_t n = 0; n < mean.size(); ++n) mean[n] = round(mean[n] + round(sums[n] / weight_sums[n]));
  }
  Tensor result(all);
  for (std::size_t n = 0; n < mean.size(); ++n)
    result.values[n] = round(mean[n] / static_cast<float>(networks.size()));
  return result;
}

struct Setting {
  TensorShape image;
  Kernel3 patch;
  int folds;
};
const Setting kSettings[] = {{{1, 1, 13, 17, 9}, {6, 8, 4}, 1},    // windows on all axes
                             {{1, 1, 5, 17, 19}, {8, 8, 12}, 2},   // padded along d
                             {{1, 1, 20, 6, 11}, {7, 8, 16}, 3}};  // padded along h and w, odd patch

TEST(PredictLogits, ParityIsTheWholeVolumeInFloat16BitForBit) {
  for (const Setting& setting : kSettings) {
    const Tensor image = random_tensor(setting.image, 3);
    std::vector<FakeNetwork> networks;
    for (int fold = 0; fold < setting.folds; ++fold) networks.push_back(uneven(fold));
    const Tensor wanted = whole_volume(image, networks, setting.patch, half_window_weights(setting.patch),
                                       [](float value) { return static_cast<float>(nearest_half(value)); });
    const Tensor got =
        predict_logits(image, FoldEngines(fake_folds(networks)), {.patch = setting.patch, .parity = true});
    ASSERT_EQ(got.shape, wanted.shape);
    for (std::size_t n = 0; n < got.values.size(); ++n) ASSERT_EQ(got.values[n], wanted.values[n]) << n;
  }
}

TEST(PredictLogits, DefaultIsTheWholeVolumeWithoutRounding) {
  for (const Setting& setting : kSettings) {
    const Tensor image = random_tensor(setting.image, 4);
    std::vector<FakeNetwork> networks;
    for (int fold = 0; fold < setting.folds; ++fold) networks.push_back(uneven(fold));
    std::vector<float> weights;
    for (const float d : window_profile(setting.patch[0]))
      for (const float h : window_profile(setting.patch[1]))
        for (const float w : window_profile(setting.patch[2])) weights.push_back(d * h * w);
    const Tensor wanted =
        whole_volume(image, networks, setting.patch, weights, [](float value) { return value; });
    const Tensor got = predict_logits(image, FoldEngines(fake_folds(networks)), {.patch = setting.patch});
    // Some 20 float32 roundings of values up to about 20.
    for (std::size_t n = 0; n < got.values.size(); ++n)
      ASSERT_NEAR(got.values[n], wanted.values[n], 2e-5) << n;
  }
}

TEST(PredictLogits, HandsOnPlanesAsSoonAsTheyAreFinished) {
  // d: 8 voxels in windows of 4 begin at 0, 2 and 4; planes 0 and 1 are finished after the first.
  const Tensor image({1, 1, 8, 2, 2}, 1.0f);
  int calls = 0;
  const FoldEngines folds(fake_folds({[&](const Tensor& input) {
    ++calls;
    return echo(input);
  }}));
  std::vector<std::pair<std::int64_t, int>> seen;  // plane, windows before
  predict_planes(image, folds, {.patch = {4, 2, 2}}, [&](std::int64_t d, std::span<const float> plane) {
    EXPECT_EQ(plane.size(), 2U * 2 * 2);
    seen.emplace_back(d, calls);
  });
  EXPECT_EQ(seen, (std::vector<std::pair<std::int64_t, int>>{
                      {0, 1}, {1, 1}, {2, 2}, {3, 2}, {4, 3}, {5, 3}, {6, 3}, {7, 3}}));
}

TEST(PredictLogits, IsTheSameForAnyNumberOfThreads) {
  const int before = thread_count();
  const Tensor image = random_tensor({1, 1, 9, 17, 23}, 1);
  const FoldEngines folds(fake_folds({uneven(0), uneven(1)}));
  for (const bool parity : {false, true}) {
    set_thread_count(1);
    const Tensor one = predict_logits(image, folds, {.patch = {4, 6, 8}, .parity = parity});
    set_thread_count(3);
    EXPECT_EQ(predict_logits(image, folds, {.patch = {4, 6, 8}, .parity = parity}).values, one.values);
  }
  set_thread_count(before);
}

TEST(PredictLogits, EnginesThatPreferBatchesGiveTheSameBits) {
  const Tensor image = random_tensor({1, 1, 9, 17, 23}, 1);
  for (const bool parity : {false, true}) {
    const WindowOptions options{.patch = {4, 6, 8}, .mirror_axes = {0, 2}, .parity = parity};
    const Tensor wanted = predict_logits(image, FoldEngines(fake_folds({uneven(0), uneven(1)})), options);
    for (const std::int64_t preferred : {3, 8}) {
      std::int64_t most_seen = 0;
      const FoldEngines folds(fake_folds({uneven(0), uneven(1)}, preferred, &most_seen));
      EXPECT_EQ(predict_logits(image, folds, options).values, wanted.values) << preferred;
      EXPECT_EQ(most_seen, preferred);
    }
  }
}

// Every third window is left out. A voxel of which all windows ran has the bits of the whole run; one with
// some of them their mean, summed here in double; one with none the logits given.
TEST(PredictLogits, PartOfTheWindowsGivesTheBitsOfAllWhereItCan) {
  const Tensor image = random_tensor({1, 1, 9, 17, 21}, 5);
  const std::vector<FakeNetwork> networks{uneven(0), uneven(1)};
  WindowOptions options{.patch = {4, 6, 8}};
  const Tensor all = predict_logits(image, FoldEngines(fake_folds(networks)), options);
  const SlidingWindows windows({9, 17, 21}, options.patch);
  for (std::int64_t n = 0; n < windows.count(); ++n) options.run.push_back(n % 3 == 0 ? 0 : 1);
  options.elsewhere = {-7, -8, -9};
  std::vector<double> sums(all.values.size()), weights(all.values.size());
  std::vector<int> missing(all.values.size());
  std::size_t window = 0;
  for (const auto d0 : windows.starts(0))
    for (const auto h0 : windows.starts(1))
      for (const auto w0 : windows.starts(2)) {
        const bool taken = options.run[window++] != 0;
        Tensor input({1, 1, 4, 6, 8});
        const auto visit = [&](const auto& use) {
          for (std::int64_t n = 0; n < 4 * 6 * 8; ++n) use(n, d0 + n / 48, h0 + n / 8 % 6, w0 + n % 8);
        };
        visit([&](std::int64_t n, auto d, auto h, auto w) {
          input.values[static_cast<std::size_t>(n)] = image.values[at(image.shape, 0, d, h, w)];
        });
        for (const FakeNetwork& network : networks) {
          const Tensor logits = network(input);
          for (std::int64_t head = 0; head < 3; ++head)
            visit([&](std::int64_t n, auto d, auto h, auto w) {
              const std::size_t to = at(all.shape, head, d, h, w);
              const double weight =
                  static_cast<double>(windows.profile(0)[static_cast<std::size_t>(d - d0)]) *
                  windows.profile(1)[static_cast<std::size_t>(h - h0)] *
                  windows.profile(2)[static_cast<std::size_t>(w - w0)];
              missing[to] += taken ? 0 : 1;
              weights[to] += taken ? weight : 0;
              sums[to] += taken ? weight * logits.values[static_cast<std::size_t>(head * 192 + n)] : 0;
            });
        }
      }
  const Tensor part = predict_logits(image, FoldEngines(fake_folds(networks)), options);
  std::array<int, 3> kinds{};
  for (std::size_t n = 0; n < part.values.size(); ++n) {
    const std::size_t kind = missing[n] == 0 ? 0 : weights[n] > 0 ? 1 : 2;
    ++kinds[kind];
    if (kind == 0) {
      ASSERT_EQ(part.values[n], all.values[n]) << n;
    } else if (kind == 1) {
      ASSERT_NEAR(part.values[n], sums[n] / weights[n], 2e-5) << n;
    } else {
      ASSERT_EQ(part.values[n], -7.0F - static_cast<float>(n / (9 * 17 * 21))) << n;
    }
  }
  EXPECT_THAT(kinds, testing::Each(testing::Gt(0)));
}

TEST(PredictLogits, NoWindowAtAllGivesTheLogitsElsewhere) {
  const FoldEngines folds(fake_folds({[](const Tensor& input) {
    ADD_FAILURE() << "the network ran";
    return echo(input);
  }}));
  const Tensor logits = predict_logits(Tensor({1, 1, 5, 4, 4}), folds,
                                       {.patch = {4, 4, 4}, .run = {0, 0}, .elsewhere = {3, -3}});
  ASSERT_EQ(logits.shape, (TensorShape{1, 2, 5, 4, 4}));
  for (std::size_t n = 0; n < 160; ++n) ASSERT_EQ(logits.values[n], n < 80 ? 3 : -3);
}

TEST(PredictLogits, PartOfTheWindowsInParityOrWithoutLogitsElsewhereIsRefused) {
  const FoldEngines folds(fake_folds({echo}));
  const Tensor image({1, 1, 5, 4, 4});
  EXPECT_THROW(
      predict_logits(image, folds, {.patch = {4, 4, 4}, .parity = true, .run = {1, 0}, .elsewhere = {0, 0}}),
      Error);
  EXPECT_THROW(predict_logits(image, folds, {.patch = {4, 4, 4}, .run = {1, 0}}), Error);
  EXPECT_THROW(predict_logits(image, folds, {.patch = {4, 4, 4}, .run = {1}, .elsewhere = {0, 0}}), Error);
}

TEST(PredictLogits, SumsBeyondFloat16AreAnErrorInParityOnly) {
  // 10 x 7000 exceeds 65504.
  const FoldEngines folds(fake_folds({[](const Tensor& input) { return Tensor(input.shape, 7000.0f); }}));
  const Tensor image({1, 1, 4, 4, 4});
  EXPECT_FLOAT_EQ(predict_logits(image, folds, {.patch = {4, 4, 4}}).values[0], 7000);
  EXPECT_THROW(predict_logits(image, folds, {.patch = {4, 4, 4}, .parity = true}), Error);
}

TEST(PredictLogits, RefusesAStepThatIsNone) {
  const FoldEngines folds(fake_folds({echo}));
  for (const double step : {0.0, -0.5, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THROW(predict_logits(Tensor({1, 1, 4, 4, 4}), folds, {.patch = {4, 4, 4}, .step_fraction = step}),
                 Error);
  }
}

class StoppingProgress : public Progress {
 public:
  void update(std::string_view, double done) override { last_ = done; }
  bool cancelled() const override { return last_ > 0; }

 private:
  double last_ = 0;
};

TEST(PredictLogits, StopsWhenAsked) {
  int calls = 0;
  StoppingProgress progress;
  const FoldEngines folds(fake_folds({[&](const Tensor& input) {
    ++calls;
    return echo(input);
  }}));
  EXPECT_THROW(predict_logits(random_tensor({1, 1, 16, 4, 4}, 1), folds, {.patch = {4, 4, 4}}, &progress),
               Error);
  EXPECT_LE(calls, 2);
}

}  // namespace
}  // namespace hepar
