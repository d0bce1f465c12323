// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hepar/infer/label_export.h"
#include "hepar/io/image_io.h"
#include "hepar/tensors/test_npy.h"

// nnU-Net's own logits to nnU-Net's own label maps.

namespace hepar {
namespace {

struct GoldenCase {
  std::filesystem::path folder;
  AxisOrder order;
  Box3 crop;
  std::array<double, 3> plan_mm;
  DatasetLabels labels;
};

// Regions, a zero border that was cut off (meta.json, bbox_used_for_cropping), resampled in space.
GoldenCase cropped_regions() {
  DatasetLabels labels;
  labels.regions = {{"liver", {1, 2}}, {"cancer", {2}}};
  labels.regions_class_order = {1, 2};
  return {HEPAR_GOLDEN "/nnunet/case2_regions_crop_pad_ensemble",
          {},
          {{4, 5, 0}, {68, 60, 18}},
          {1.5, 0.85, 0.85},
          labels};
}

// Labels, sagittal slices: transpose_forward [2, 0, 1], so that d, h, w are the scan's i, k, j, resampled
// slice by slice.
GoldenCase transposed_labels() {
  DatasetLabels labels;
  labels.regions = {{"liver", {1}}, {"cancer", {2}}};
  labels.foreground_labels = {1, 2};
  return {HEPAR_GOLDEN "/nnunet/case4_resenc_transposed_sepz",
          {{1, 2, 0}, {false, false, false}},
          {{0, 0, 0}, {84, 92, 30}},
          {3.75, 1, 0.9},
          labels};
}

WideLabelMap export_logits(const GoldenCase& golden, const std::string& kind, bool parity,
                           const ProbabilitySink& probabilities = {}) {
  const NpyArray logits = read_npy(golden.folder / ("sliding_logits_" + kind + "_f16.npy"));
  const Kernel3 size{logits.shape[1], logits.shape[2], logits.shape[3]};
  const Geometry scan = read_ct(golden.folder / "input/test_000_0000.nii.gz").voxels.geometry();
  ModelPlan plan;
  plan.spacing_mm = golden.plan_mm;
  LabelExport result({scan, golden.order, golden.crop, size}, plan, golden.labels, parity, probabilities);
  const auto plane_size = static_cast<std::size_t>(size[1] * size[2]);
  for (std::int64_t d = 0; d < size[0]; ++d) {
    std::vector<float> plane;
    for (std::int64_t head = 0; head < logits.shape[0]; ++head) {
      const std::size_t first = static_cast<std::size_t>(head * size[0] + d) * plane_size;
      for (std::size_t n = 0; n < plane_size; ++n)
        plane.push_back(static_cast<float>(logits.values[first + n]));
    }
    result.add(d, plane);
  }
  return result.finish();
}

std::int64_t different_voxels(const WideLabelMap& labels, const std::filesystem::path& wanted_file) {
  const LabelMap wanted = read_labels(wanted_file).voxels;
  EXPECT_EQ(labels.geometry(), wanted.geometry());
  std::int64_t count = 0;
  for (std::size_t n = 0; n < wanted.voxels().size(); ++n)
    count += labels.voxels()[n] != wanted.voxels()[n] ? 1 : 0;
  return count;
}

TEST(GoldenExport, WritesTheLabelsOfNnUnet) {
  for (const GoldenCase& golden : {cropped_regions(), transposed_labels()}) {
    for (const std::string kind : {"nomirror", "mirror"}) {
      std::filesystem::path wanted = golden.folder / "expected_";
      wanted += kind + ".nii.gz";
      EXPECT_EQ(different_voxels(export_logits(golden, kind, true), wanted), 0) << wanted;
      // float32 decides otherwise only where logits tie within the roundings of float16.
      const WideLabelMap accurate = export_logits(golden, kind, false);
      EXPECT_LT(different_voxels(accurate, wanted), accurate.geometry().size.count() / 1000) << wanted;
    }
  }
}

TEST(GoldenExport, GivesTheProbabilitiesOfNnUnet) {
  const GoldenCase golden = cropped_regions();
  const NpyArray wanted = read_npy(golden.folder / "exported_probabilities_mirror_f16.npy");
  ASSERT_EQ(wanted.shape, (std::vector<std::int64_t>{2, 19, 66, 72}));
  const std::size_t plane_size = 66 * 72;
  export_logits(golden, "mirror", true, [&](std::int64_t plane, std::span<const float> probabilities) {
    ASSERT_EQ(probabilities.size(), 2 * plane_size);
    for (std::size_t n = 0; n < probabilities.size(); ++n) {
      const std::size_t head = n / plane_size, voxel = n % plane_size;
      const double stored = wanted.values[(head * 19 + static_cast<std::size_t>(plane)) * plane_size + voxel];
      // Half a step of float16 below 1 is 2^-12; the exponential functions differ by far less.
      ASSERT_NEAR(static_cast<double>(probabilities[n]), stored, 0x1.01p-12) << plane << " " << n;
    }
  });
}

}  // namespace
}  // namespace hepar
