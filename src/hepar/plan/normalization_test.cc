// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/normalization.h"

#include <gtest/gtest.h>

#include <cmath>

#include "hepar/core/error.h"
#include "hepar/imaging/box.h"

namespace hepar {
namespace {

CtVolume line(const std::vector<float>& values) {
  CtVolume volume(Geometry{.size = {static_cast<std::int64_t>(values.size()), 1, 1}});
  std::copy(values.begin(), values.end(), volume.voxels().begin());
  return volume;
}

Normalization of(const std::string& scheme, const CtVolume& image, const Mask* mask = nullptr) {
  const auto view = view_of(image, {}, whole_box(image.geometry()));
  ChannelView channel{view, view, {}};
  if (mask != nullptr) channel.mask = view_of(*mask, {}, whole_box(image.geometry()));
  return normalization_of(scheme, {-8, 149, 102, 36}, channel);
}

TEST(Normalization, CtByHand) {
  const Normalization n = of("CTNormalization", line({0}));
  EXPECT_EQ(n(102), 0);
  EXPECT_EQ(n(120), 0.5F);
  EXPECT_EQ(n(-1000), (-8.0F - 102.0F) / 36.0F);
  EXPECT_EQ(n(1000), (149.0F - 102.0F) / 36.0F);
}

TEST(Normalization, ZScoreByHand) {
  // Mean 5, squared deviations 9, 1, 1, 1, 0, 0, 4, 16: their mean is 4.
  const CtVolume image = line({2, 4, 4, 4, 5, 5, 7, 9});
  EXPECT_EQ(of("ZScoreNormalization", image)(9), 2);
  EXPECT_EQ(of("ZScoreNormalization", image)(2), -1.5F);
  // Of 2 and 4 alone: mean 3, SD 1.
  Mask mask(image.geometry());
  mask.voxels()[0] = mask.voxels()[1] = 1;
  EXPECT_EQ(of("ZScoreNormalization", image, &mask)(5), 2);
  // An image of one value is not divided by 0.
  EXPECT_EQ(of("ZScoreNormalization", line({3, 3}))(3), 0);
  mask.voxels()[0] = mask.voxels()[1] = 0;
  EXPECT_EQ(of("ZScoreNormalization", image, &mask)(5), 5);
}

TEST(Normalization, ZScoreHasNumPysBits) {
  // NumPy 1.24: x = ((np.arange(30000) * 7919) % 10007).astype(np.float32) / 3, shape (30, 40, 25);
  // x.mean(), x.std() and of x[3:29, 5:38, 2:24]; the mask x > 1000.
  CtVolume image(Geometry{.size = {25, 40, 30}});
  for (std::int64_t n = 0; n < 30000; ++n) {
    image.voxels()[static_cast<std::size_t>(n)] = static_cast<float>(n * 7919 % 10007) / 3;
  }
  const Normalization whole = of("ZScoreNormalization", image);
  EXPECT_EQ(whole.subtracted, 1667.70007F);
  EXPECT_EQ(whole.divisor, 962.940308F);
  const auto view = view_of(image, {}, {{2, 5, 3}, {24, 38, 29}});
  const Normalization part = normalization_of("ZScoreNormalization", {}, {view, view, {}});
  EXPECT_EQ(part.subtracted, 1667.7074F);
  EXPECT_EQ(part.divisor, 962.92749F);
  Mask mask(image.geometry());
  for (std::size_t n = 0; n < 30000; ++n) mask.voxels()[n] = image.voxels()[n] > 1000 ? 1 : 0;
  const Normalization inside = of("ZScoreNormalization", image, &mask);
  EXPECT_EQ(inside.subtracted, 2167.84717F);
  EXPECT_EQ(inside.divisor, 674.155212F);
}

TEST(Normalization, RescalesToZeroAndOne) {
  const Normalization n = of("RescaleTo01Normalization", line({-4, 0, 12}));
  EXPECT_EQ(n(-4), 0);
  EXPECT_EQ(n(0), 0.25F);
  EXPECT_EQ(n(12), 1);
  EXPECT_EQ(of("RescaleTo01Normalization", line({7, 7}))(7), 0);
}

TEST(Normalization, ColoursAreDividedBy255) {
  EXPECT_EQ(of("RGBTo01Normalization", line({0, 255}))(51), 0.2F);
  EXPECT_THROW(of("RGBTo01Normalization", line({0, 256})), Error);
  EXPECT_THROW(of("RGBTo01Normalization", line({-1, 25})), Error);
}

TEST(Normalization, NoneLeavesValues) { EXPECT_EQ(of("NoNormalization", line({1}))(-3.7F), -3.7F); }

TEST(Normalization, RefusesUnknownSchemes) {
  try {
    of("SpecialNormalization", line({1}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_NE(std::string(error.what()).find("SpecialNormalization"), std::string::npos);
  }
}

}  // namespace
}  // namespace hepar
