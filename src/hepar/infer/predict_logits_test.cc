// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/predict_logits.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/core/random.h"

namespace hepar {
namespace {

// An engine whose output is written down by the test.
class FakeEngine : public Engine {
 public:
  explicit FakeEngine(std::function<Tensor(const Tensor&)> answer) : answer_(std::move(answer)) {}
  Tensor run(const Tensor& input) override { return answer_(input); }

 private:
  std::function<Tensor(const Tensor&)> answer_;
};

using Folds = std::vector<std::unique_ptr<Engine>>;
Folds one_fold(std::function<Tensor(const Tensor&)> answer) {
  Folds folds;
  folds.push_back(std::make_unique<FakeEngine>(std::move(answer)));
  return folds;
}

// Two heads: the input and minus twice the input.
Tensor echo(const Tensor& input) {
  TensorShape shape = input.shape;
  shape.c = 2;
  Tensor output(shape);
  for (std::size_t n = 0; n < input.values.size(); ++n) {
    output.values[n] = input.values[n];
    output.values[input.values.size() + n] = -2 * input.values[n];
  }
  return output;
}

Volume<float> random_image(Int3 size) {
  Volume<float> image({.size = size});
  Random random(1);
  for (float& voxel : image.voxels()) voxel = static_cast<float>(random.normal());
  return image;
}

void expect_echo(const Volume<float>& image, const Tensor& logits) {
  ASSERT_EQ(logits.shape, (TensorShape{1, 2, image.size().k, image.size().j, image.size().i}));
  const std::size_t voxels = image.voxels().size();
  for (std::size_t n = 0; n < voxels; ++n) {
    // Weighted means of one and the same value: off by rounding only.
    ASSERT_NEAR(logits.values[n], image.voxels()[n], 1e-5);
    ASSERT_NEAR(logits.values[voxels + n], -2 * image.voxels()[n], 2e-5);
  }
}

TEST(PredictLogits, OverlappingWindowsAgreeingOnAVoxelLeaveItAsItIs) {
  const auto image = random_image({23, 17, 9});
  expect_echo(image, predict_logits(image, one_fold(echo), {8, 6, 4}));
}

TEST(PredictLogits, SmallImagesArePaddedAndCutBack) {
  const auto image = random_image({5, 17, 3});
  expect_echo(image, predict_logits(image, one_fold(echo), {8, 6, 4}));
}

TEST(PredictLogits, PaddingIsZeroAndBeforeByTheSmallerHalf) {
  const Volume<float> image({.size = {1, 1, 1}}, 7.0f);
  std::vector<float> seen;
  predict_logits(image, one_fold([&](const Tensor& input) {
                   seen = input.values;
                   return echo(input);
                 }),
                 {4, 1, 1});
  EXPECT_EQ(seen, (std::vector<float>{0, 7, 0, 0}));
}

TEST(PredictLogits, WindowsCountByTheGaussian) {
  // Windows at 0 and 2 answer 1 and 2. Patch 4: weights e^-8, e^-2, 1, e^-2 (SD 0.5, centre 2).
  float calls = 0;
  const auto folds = one_fold([&](const Tensor& input) { return Tensor(input.shape, ++calls); });
  const Tensor logits = predict_logits(random_image({6, 1, 1}), folds, {4, 1, 1});
  const double e8 = std::exp(-8.0);
  EXPECT_FLOAT_EQ(logits.values[0], 1);
  EXPECT_FLOAT_EQ(logits.values[2], static_cast<float>((1 + 2 * e8) / (1 + e8)));
  EXPECT_FLOAT_EQ(logits.values[3], 1.5f);
  EXPECT_FLOAT_EQ(logits.values[5], 2);
}

TEST(PredictLogits, MirroringAveragesOverAllFlips) {
  // A ramp along every axis that ignores the input averages with its mirror images to its middle value.
  const auto ramp = [](const Tensor& input) {
    Tensor output(input.shape);
    for (std::size_t n = 0; n < output.values.size(); ++n) output.values[n] = static_cast<float>(n);
    return output;
  };
  const Tensor flat = predict_logits(random_image({4, 2, 2}), one_fold(ramp), {4, 2, 2}, {.mirror = true});
  for (const float value : flat.values) EXPECT_FLOAT_EQ(value, 7.5f);
  // What is computed voxel by voxel is the same seen from any side.
  const auto image = random_image({7, 5, 6});
  expect_echo(image, predict_logits(image, one_fold(echo), {4, 4, 4}, {.mirror = true}));
}

TEST(PredictLogits, FoldsAreAveraged) {
  Folds folds = one_fold([](const Tensor& input) { return Tensor(input.shape, 1.0f); });
  folds.push_back(
      std::make_unique<FakeEngine>([](const Tensor& input) { return Tensor(input.shape, 4.0f); }));
  for (const float value : predict_logits(random_image({6, 4, 4}), folds, {4, 4, 4}).values) {
    EXPECT_FLOAT_EQ(value, 2.5f);
  }
}

TEST(PredictLogits, IsTheSameForAnyNumberOfThreads) {
  const int before = thread_count();
  const auto image = random_image({23, 17, 9});
  set_thread_count(1);
  const Tensor one = predict_logits(image, one_fold(echo), {8, 6, 4});
  set_thread_count(3);
  EXPECT_EQ(predict_logits(image, one_fold(echo), {8, 6, 4}).values, one.values);
  set_thread_count(before);
}

TEST(PredictLogits, ValuesThatAreNotFiniteAreAnError) {
  const auto folds = one_fold([](const Tensor& input) {
    Tensor output(input.shape);
    output.values.back() = std::numeric_limits<float>::infinity();
    return output;
  });
  try {
    predict_logits(random_image({4, 4, 4}), folds, {4, 4, 4});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
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
  const auto folds = one_fold([&](const Tensor& input) {
    ++calls;
    return echo(input);
  });
  EXPECT_THROW(predict_logits(random_image({16, 4, 4}), folds, {4, 4, 4}, {}, &progress), Error);
  EXPECT_LE(calls, 2);
}

}  // namespace
}  // namespace hepar
