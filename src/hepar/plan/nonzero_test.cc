// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/nonzero.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hepar/core/file.h"
#include "hepar/plan/preprocess.h"
#include "hepar/tensors/test_npy.h"

namespace hepar {
namespace {

NpyArray golden(const std::string& name) { return read_npy(HEPAR_GOLDEN "/nnunet/unit/" + name); }

// The channels of an array (c, k, j, i).
std::vector<CtVolume> channels_of(const NpyArray& array) {
  const auto& shape = array.shape;
  std::vector<CtVolume> channels;
  for (std::int64_t c = 0; c < shape[0]; ++c) {
    CtVolume channel(Geometry{.size = {shape[3], shape[2], shape[1]}});
    for (std::size_t n = 0; n < channel.voxels().size(); ++n) {
      channel.voxels()[n] =
          static_cast<float>(array.values[static_cast<std::size_t>(c) * channel.voxels().size() + n]);
    }
    channels.push_back(std::move(channel));
  }
  return channels;
}

TEST(Nonzero, BoxMaskAndLabelsEqualUpstream) {
  const auto channels = channels_of(golden("crop_in.npy"));
  const auto bounds =
      nlohmann::json::parse(read_text_file(HEPAR_GOLDEN "/nnunet/unit/index.json"))["crop"]["bbox"];
  const Box3 box = nonzero_box(channels);
  for (std::size_t axis = 0; axis < 3; ++axis) {  // k, j, i
    EXPECT_EQ(box.low[2 - static_cast<int>(axis)], bounds[axis][0]);
    EXPECT_EQ(box.high[2 - static_cast<int>(axis)], bounds[axis][1]);
  }
  // At equal spacing nothing is resampled, so the labels come out as crop_to_nonzero() left them.
  ModelPlan plan;
  plan.spacing_mm = {1, 1, 1};
  plan.normalization_schemes.assign(channels.size(), "NoNormalization");
  const PreprocessedCase prepared = preprocess(channels, plan);
  for (const auto& [given, wanted] : {std::pair{"", "crop_seg.npy"}, {"crop_gt.npy", "crop_gt_out.npy"}}) {
    LabelMap labels(channels[0].geometry());
    if (*given != 0) {
      const auto values = golden(given).values;
      std::transform(values.begin(), values.end(), labels.voxels().begin(),
                     [](double v) { return static_cast<std::uint8_t>(v); });
    }
    const auto result = preprocess_labels(labels, channels, prepared, plan);
    const auto expected = golden(wanted).values;
    ASSERT_EQ(result.size(), expected.size());
    EXPECT_TRUE(std::equal(result.begin(), result.end(), expected.begin())) << wanted;
  }
}

TEST(Nonzero, NoMaskWhereNoVoxelIsZero) {
  EXPECT_FALSE(nonzero_mask(std::vector{CtVolume(Geometry{.size = {3, 3, 3}}, 1)}).has_value());
}

}  // namespace
}  // namespace hepar
