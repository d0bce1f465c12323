// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/resampling.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hepar/core/file.h"

namespace hepar {
namespace {

using Json = nlohmann::json;
using Spacing = std::array<double, 3>;

Json golden_index() { return Json::parse(read_text_file(HEPAR_GOLDEN "/nnunet/unit/index.json")); }

TEST(ResampledSize, EqualsUpstreamHalvesToEvenIncluded) {
  for (const Json& item : golden_index()["compute_new_shape"]) {
    EXPECT_EQ(resampled_size(item["shape"], item["old"].get<Spacing>(), item["new"].get<Spacing>()),
              item["result"].get<Kernel3>())
        << item;
  }
}

TEST(SeparateAxis, EqualsUpstream) {
  for (const Json& item : golden_index()["resample"]) {
    const auto axis = separate_axis({}, item["spacing"].get<Spacing>(), item["new_spacing"].get<Spacing>());
    EXPECT_EQ(axis.has_value(), item["do_separate_z"].get<bool>()) << item;
    if (axis) {
      EXPECT_EQ(*axis, item["axis"].get<std::size_t>()) << item;
    }
  }
}

TEST(SeparateAxis, StrictThresholdAndTies) {
  EXPECT_FALSE(separate_axis({}, {3, 1, 1}, {1, 1, 1}).has_value());  // 3 is not above 3
  EXPECT_EQ(separate_axis({}, {1, 3.1, 1}, {1, 1, 1}), 1u);
  EXPECT_FALSE(separate_axis({}, {5, 5, 1}, {1, 1, 1}).has_value());  // two coarse axes
  EXPECT_FALSE(separate_axis({}, {5, 5, 1}, {1, 1, 5}).has_value());  // the spacing now decides first
  EXPECT_EQ(separate_axis({}, {1, 1, 1}, {1, 1, 3.5}), 2u);
}

TEST(SeparateAxis, CanBeForced) {
  const ResamplingRule never{.order = 1, .order_z = 0, .force_separate_z = false};
  const ResamplingRule always{.order = 1, .order_z = 0, .force_separate_z = true};
  EXPECT_FALSE(separate_axis(never, {9, 1, 1}, {1, 1, 1}).has_value());
  EXPECT_EQ(separate_axis(always, {1.5, 1, 1}, {9, 1, 1}), 0u);
  EXPECT_FALSE(separate_axis(always, {1, 1, 1}, {1, 1, 1}).has_value());
}

}  // namespace
}  // namespace hepar
