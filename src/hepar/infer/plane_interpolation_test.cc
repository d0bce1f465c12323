// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/plane_interpolation.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "hepar/tensors/test_npy.h"
#include "hepar/windows/test_half.h"

namespace hepar {
namespace {

const std::filesystem::path kUnit = HEPAR_GOLDEN "/nnunet/unit";

// All voxels of the target grid.
std::vector<float> interpolated(const std::vector<float>& source, const Kernel3& from, const Kernel3& to,
                                std::optional<std::size_t> nearest_axis, bool exact) {
  const PlaneInterpolation interpolation(from, to, nearest_axis);
  const auto width = static_cast<std::size_t>(from[2]), wide_width = static_cast<std::size_t>(to[2]);
  std::vector<float> wide(static_cast<std::size_t>(from[0] * from[1]) * wide_width);
  for (std::size_t row = 0; row < static_cast<std::size_t>(from[0] * from[1]); ++row)
    interpolation.widen(std::span(source).subspan(row * width, width),
                        std::span(wide).subspan(row * wide_width, wide_width));
  std::vector<float> result;
  std::vector<float> row(wide_width);
  for (std::int64_t d = 0; d < to[0]; ++d) {
    const AxisTap& planes = interpolation.planes(d);
    for (std::int64_t h = 0; h < to[1]; ++h) {
      interpolation.row(d, h, wide.data() + planes.low * from[1] * to[2],
                        wide.data() + planes.high * from[1] * to[2], row);
      for (std::int64_t w = 0; w < to[2]; ++w) {
        result.push_back(exact
                             ? interpolation.exact({d, h, w}, source.data() + planes.low * from[1] * from[2],
                                                   source.data() + planes.high * from[1] * from[2])
                             : row[static_cast<std::size_t>(w)]);
      }
    }
  }
  return result;
}

TEST(PlaneInterpolation, PlacesVoxelsByTheirFields) {
  // 2 voxels onto 8: places (n + 0.5) / 4 - 0.5 = -0.375, -0.125, 0.125, 0.375, ...; beyond the centres the
  // outermost values go on.
  EXPECT_EQ(interpolated({0, 8}, {1, 1, 2}, {1, 1, 8}, {}, false),
            (std::vector<float>{0, 0, 1, 3, 5, 7, 8, 8}));
  // 4 voxels onto 2: places 0.5 and 2.5, the means of neighbours.
  EXPECT_EQ(interpolated({1, 2, 4, 8}, {4, 1, 1}, {2, 1, 1}, {}, false), (std::vector<float>{1.5f, 6}));
  // The nearest of 2 for 3 places: 2/3 (n + 0.5) - 0.5 = -0.17, 0.5, 1.17; ties go up.
  EXPECT_EQ(interpolated({1, 2}, {1, 2, 1}, {1, 3, 1}, 1, false), (std::vector<float>{1, 2, 2}));
}

// Ten resamplings of nnU-Net, in space and across slices of each axis.
TEST(PlaneInterpolation, IsNnUnetsExportBitForBit) {
  const auto index = nlohmann::json::parse(std::ifstream(kUnit / "index.json"));
  ASSERT_EQ(index["resample"].size(), 10U);
  for (const auto& entry : index["resample"]) {
    const Kernel3 from{entry["shape"][0], entry["shape"][1], entry["shape"][2]};
    const Kernel3 to{entry["new_shape"][0], entry["new_shape"][1], entry["new_shape"][2]};
    std::optional<std::size_t> axis;
    if (entry["do_separate_z"]) axis = entry["axis"].get<std::size_t>();
    std::vector<float> halves, floats;
    for (const double value : read_npy(kUnit / std::string(entry["input"])).values) {
      halves.push_back(static_cast<float>(nearest_half(value)));
      floats.push_back(static_cast<float>(value));
    }
    const NpyArray wanted = read_npy(kUnit / std::string(entry["prob_order1_half_in"]));
    const NpyArray accurate = read_npy(kUnit / std::string(entry["prob_order1"]));
    const auto voxels = static_cast<std::size_t>(from[0] * from[1] * from[2]);
    ASSERT_EQ(halves.size() % voxels, 0U);
    std::size_t n = 0;
    for (std::size_t channel = 0; channel < halves.size() / voxels; ++channel) {
      const auto first = static_cast<std::ptrdiff_t>(channel * voxels),
                 last = first + static_cast<std::ptrdiff_t>(voxels);
      const auto exact = interpolated({halves.begin() + first, halves.begin() + last}, from, to, axis, true);
      const auto plain = interpolated({floats.begin() + first, floats.begin() + last}, from, to, axis, false);
      for (std::size_t v = 0; v < exact.size(); ++v, ++n) {
        ASSERT_EQ(static_cast<double>(exact[v]), wanted.values[n]) << entry << " voxel " << n;
        // Float32 sums of eight products, values up to about 5.
        ASSERT_NEAR(static_cast<double>(plain[v]), accurate.values[n], 3e-6) << entry << " voxel " << n;
      }
    }
    ASSERT_EQ(n, wanted.values.size());
  }
}

TEST(PlaneInterpolation, RoundsToFloat16Once) {
  // 1 + 2^-11 is a tie and goes to 1; a little more than it, less than float32 can tell, goes up. The mean of
  // the two source values is 1 + 2^-11 + 2^-24, which float32 rounds to the tie.
  const std::vector<float> source{1, 1 + 0x1p-10f + 0x1p-23f};
  const float high_weight = 0.5f;
  ASSERT_EQ((source[0] + source[1]) * high_weight, 1 + 0x1p-11f);
  EXPECT_EQ(interpolated(source, {1, 1, 2}, {1, 1, 1}, {}, true), (std::vector<float>{1 + 0x1p-10f}));
  // And float16's subnormals have steps of 2^-24: 1.5 of them are a tie, to the even 2.
  EXPECT_EQ(interpolated({0x1p-24f, 0x1p-23f}, {1, 1, 2}, {1, 1, 1}, {}, true),
            (std::vector<float>{0x1p-23f}));
  EXPECT_EQ(interpolated({-0x1p-24f, 0}, {1, 1, 2}, {1, 1, 1}, {}, true), (std::vector<float>{0}));
}

}  // namespace
}  // namespace hepar
