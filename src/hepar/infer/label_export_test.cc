// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/label_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/plan/resampling.h"
#include "hepar/tensors/test_npy.h"
#include "hepar/windows/test_engine.h"
#include "hepar/windows/test_half.h"

namespace hepar {
namespace {
using testing::ElementsAre;

const std::filesystem::path kUnit = HEPAR_GOLDEN "/nnunet/unit";

DatasetLabels label_model(int foreground) {
  DatasetLabels labels;
  for (int label = 1; label <= foreground; ++label) {
    labels.regions.push_back({std::to_string(label), {label}});
    labels.foreground_labels.push_back(label);
  }
  return labels;
}

DatasetLabels region_model(std::vector<int> order) {
  DatasetLabels labels = label_model(static_cast<int>(order.size()));
  labels.regions_class_order = std::move(order);
  return labels;
}

ModelPlan plan_of(std::array<double, 3> spacing_mm) {
  ModelPlan plan;
  plan.spacing_mm = spacing_mm;
  return plan;
}

ExportTarget target_of(const Geometry& scan, const Kernel3& network_size) {
  return {scan, {}, {{}, scan.size}, network_size};
}

void add_planes(LabelExport& result, const Tensor& logits) {
  const TensorShape& s = logits.shape;
  for (std::int64_t d = 0; d < s.d; ++d) {
    std::vector<float> plane;
    for (std::int64_t head = 0; head < s.c; ++head) {
      const auto first = logits.values.begin() + (head * s.d + d) * s.h * s.w;
      plane.insert(plane.end(), first, first + s.h * s.w);
    }
    result.add(d, plane);
  }
}

WideLabelMap labels_of(const Tensor& logits, const ExportTarget& target, const ModelPlan& plan,
                       const DatasetLabels& labels, bool parity = false) {
  LabelExport result(target, plan, labels, parity);
  add_planes(result, logits);
  return result.finish();
}

Tensor tensor_of(const TensorShape& shape, std::vector<float> values) {
  Tensor tensor(shape);
  tensor.values = std::move(values);
  return tensor;
}

TEST(LabelExport, LaterRegionsWinAndAHalfIsNotAbove) {
  // Sigmoid 0.5 at 0, and in float32 also at 2^-24, float16's smallest number, but not at the next, 2^-23.
  const Tensor logits = tensor_of({1, 2, 1, 1, 5}, {1, 1, 0, -1, 0x1p-24f,    // first region
                                                    -1, 2, 0, 3, 0x1p-23f});  // second region
  const Geometry grid{.size = {5, 1, 1}};
  for (const bool parity : {false, true}) {
    EXPECT_THAT(
        labels_of(logits, target_of(grid, {1, 1, 5}), plan_of({1, 1, 1}), region_model({1, 2}), parity)
            .voxels(),
        ElementsAre(1, 2, 0, 2, 2));
    EXPECT_THAT(
        labels_of(logits, target_of(grid, {1, 1, 5}), plan_of({1, 1, 1}), region_model({7, 3}), parity)
            .voxels(),
        ElementsAre(7, 3, 0, 3, 3));
  }
}

TEST(LabelExport, TheFirstOfTheLargestLabelsWins) {
  const Tensor logits = tensor_of({1, 3, 1, 1, 4}, {1, -5, -3, 0,  //
                                                    1, -4, -2, 0,  //
                                                    0, -3, -2, 0});
  EXPECT_THAT(labels_of(logits, target_of({.size = {4, 1, 1}}, {1, 1, 4}), plan_of({1, 1, 1}), label_model(2))
                  .voxels(),
              ElementsAre(0, 2, 1, 0));
}

TEST(LabelExport, ConvertsAsNnUnet) {
  for (const bool regions : {false, true}) {
    const std::string kind = regions ? "lab_region" : "lab_softmax";
    const NpyArray logits = read_npy(kUnit / (kind + "_logits.npy")),
                   wanted = read_npy(kUnit / (kind + "_out.npy"));
    Tensor tensor({1, logits.shape[0], logits.shape[1], logits.shape[2], logits.shape[3]});
    std::transform(logits.values.begin(), logits.values.end(), tensor.values.begin(),
                   [](double value) { return static_cast<float>(value); });
    const Geometry grid{.size = {logits.shape[3], logits.shape[2], logits.shape[1]}};
    const WideLabelMap labels =
        labels_of(tensor, target_of(grid, {logits.shape[1], logits.shape[2], logits.shape[3]}),
                  plan_of({1, 1, 1}), regions ? region_model({1, 2}) : label_model(2));
    ASSERT_EQ(labels.voxels().size(), wanted.values.size());
    for (std::size_t n = 0; n < wanted.values.size(); ++n)
      ASSERT_EQ(labels.voxels()[n], wanted.values[n]) << n;
  }
}

TEST(LabelExport, WritesLabelsBeyondAByte) {
  const Tensor logits = tensor_of({1, 1, 1, 1, 2}, {1, -1});
  EXPECT_THAT(
      labels_of(logits, target_of({.size = {2, 1, 1}}, {1, 1, 2}), plan_of({1, 1, 1}), region_model({1000}))
          .voxels(),
      ElementsAre(1000, 0));
}

// A whole-volume export after nnU-Net, in its own words: transposed arrays [d][h][w], resampled slice by
// slice where separate, float16 where it stores float16; pasted at the box; label by label into the scan.
struct WholeExport {
  ExportTarget target;
  ModelPlan plan;
  bool parity;

  static std::size_t flat(const Kernel3& size, std::int64_t d, std::int64_t h, std::int64_t w) {
    return static_cast<std::size_t>((d * size[1] + h) * size[2] + w);
  }

  // Weight of the source voxels along one axis, in ascending order.
  static std::vector<std::pair<std::int64_t, double>> taps(std::int64_t n, std::int64_t from, std::int64_t to,
                                                           bool nearest) {
    const double place =
        (static_cast<double>(n) + 0.5) * (static_cast<double>(from) / static_cast<double>(to)) - 0.5;
    const auto inside = [&](double voxel) {
      return std::clamp<std::int64_t>(static_cast<std::int64_t>(voxel), 0, from - 1);
    };
    if (nearest) return {{inside(std::floor(place + 0.5)), 1.0}};
    const double low = std::floor(place), low_weight = 1 - (place - low);
    return {{inside(low), low_weight}, {inside(low + 1), 1 - low_weight}};
  }

  std::vector<double> resampled(const float* source, const Kernel3& from, const Kernel3& to) const {
    const Geometry grid = reorient(target.scan, target.order);
    const std::array<double, 3> wanted{grid.spacing_mm.z, grid.spacing_mm.y, grid.spacing_mm.x};
    const auto separate = separate_axis(plan.logit_resampling, plan.spacing_mm, wanted);
    std::vector<double> result(static_cast<std::size_t>(to[0] * to[1] * to[2]));
    for (std::int64_t d = 0; d < to[0]; ++d)
      for (std::int64_t h = 0; h < to[1]; ++h)
        for (std::int64_t w = 0; w < to[2]; ++w) {
          double sum = 0;
          for (const auto& [z, wz] : taps(d, from[0], to[0], separate == 0U))
            for (const auto& [y, wy] : taps(h, from[1], to[1], separate == 1U))
              for (const auto& [x, wx] : taps(w, from[2], to[2], separate == 2U))
                sum += static_cast<double>(source[flat(from, z, y, x)]) * wz * wy * wx;
          result[flat(to, d, h, w)] = parity ? nearest_half(sum) : sum;
        }
    return result;
  }

  // Label numbers, or where a decision hangs on the default's roundings, any (65535).
  WideLabelMap labels(const Tensor& logits, const DatasetLabels& model) const {
    const Int3 box = target.crop.size();
    const Kernel3 to{box.k, box.j, box.i};
    std::vector<std::vector<double>> heads;
    for (std::int64_t head = 0; head < logits.shape.c; ++head)
      heads.push_back(
          resampled(logits.values.data() + head * logits.shape.voxels(), target.network_size, to));
    WideLabelMap reordered(reorient(target.scan, target.order));
    for (std::int64_t d = 0; d < to[0]; ++d)
      for (std::int64_t h = 0; h < to[1]; ++h)
        for (std::int64_t w = 0; w < to[2]; ++w)
          reordered[target.crop.low + Int3{w, h, d}] = decide(heads, flat(to, d, h, w), model);
    return reorient(reordered, inverse(target.order));
  }

  std::uint16_t decide(const std::vector<std::vector<double>>& heads, std::size_t voxel,
                       const DatasetLabels& model) const {
    const double margin = parity ? 0 : 1e-5;
    std::size_t best = 0;
    for (std::size_t head = 1; head < heads.size(); ++head)
      if (heads[head][voxel] > heads[best][voxel]) best = head;
    int label = model.has_regions() ? 0 : static_cast<int>(best);
    for (std::size_t head = 0; head < heads.size(); ++head) {
      const double value = heads[head][voxel];
      if (model.has_regions()) {
        if (!parity && std::abs(value) < margin) return 65535;
        if (1 / (1 + std::exp(static_cast<float>(-value))) > 0.5f) label = model.regions_class_order[head];
      } else if (head != best && heads[best][voxel] - value < margin) {
        return 65535;
      }
    }
    return static_cast<std::uint16_t>(label);
  }
};

struct Setting {
  Geometry scan;
  AxisOrder order;
  Box3 crop;
  Kernel3 network_size;
  std::array<double, 3> plan_mm;
};

std::vector<Setting> settings() {
  const AxisOrder as_is;
  // d, h, w = j, k, i and k, i, j of the scan.
  const AxisOrder turned{{0, 2, 1}, {false, true, false}}, rolled{{1, 0, 2}, {true, true, true}};
  const Box3 all{{0, 0, 0}, {13, 11, 9}};
  return {
      {{.size = {13, 11, 9}, .spacing_mm = {1, 1, 1}}, as_is, all, {12, 7, 17}, {0.75, 1.6, 0.8}},
      {{.size = {13, 11, 9}, .spacing_mm = {1, 1, 1}}, as_is, all, {9, 11, 13}, {1, 1, 1}},
      {{.size = {13, 11, 9}, .spacing_mm = {1, 1, 5}}, as_is, all, {7, 8, 13}, {6, 1.2, 1}},
      {{.size = {13, 11, 9}, .spacing_mm = {1, 5, 1}}, as_is, all, {6, 13, 15}, {1.5, 4, 0.9}},
      {{.size = {13, 11, 9}, .spacing_mm = {5, 1, 1}}, as_is, all, {6, 13, 15}, {1.5, 0.9, 4}},
      {{.size = {13, 11, 9}, .spacing_mm = {1, 1, 1}}, as_is, {{2, 1, 3}, {12, 8, 7}}, {9, 5, 4}, {1, 1, 3}},
      {{.size = {13, 11, 9}, .spacing_mm = {1, 2, 6}},
       turned,
       {{1, 2, 1}, {13, 8, 10}},
       {9, 5, 11},
       {2, 7, 1}},
      {{.size = {13, 11, 9}, .spacing_mm = {1, 2, 3}},
       rolled,
       {{0, 0, 0}, {11, 13, 9}},
       {14, 6, 30},
       {2, 2, 1}}};
}

TEST(LabelExport, IsTheWholeVolumeExportInEveryOrderCropAndSeparation) {
  std::uint64_t seed = 0;
  std::int64_t compared = 0, open = 0;
  for (const Setting& setting : settings()) {
    for (const bool parity : {false, true}) {
      for (const DatasetLabels& model : {region_model({2, 1}), label_model(2)}) {
        const Kernel3& n = setting.network_size;
        Tensor logits = random_tensor({1, model.heads(), n[0], n[1], n[2]}, ++seed);
        for (float& value : logits.values) value = static_cast<float>(nearest_half(value));
        const ExportTarget target{setting.scan, setting.order, setting.crop, n};
        const ModelPlan plan = plan_of(setting.plan_mm);
        const WideLabelMap wanted = WholeExport{target, plan, parity}.labels(logits, model);
        const WideLabelMap got = labels_of(logits, target, plan, model, parity);
        ASSERT_EQ(got.geometry(), setting.scan);
        for (std::size_t v = 0; v < wanted.voxels().size(); ++v, ++compared) {
          if (wanted.voxels()[v] == 65535)
            ++open;
          else
            ASSERT_EQ(got.voxels()[v], wanted.voxels()[v]) << "case " << seed << ", voxel " << v;
        }
      }
    }
  }
  EXPECT_EQ(compared, 8 * 2 * 2 * 13 * 11 * 9);
  EXPECT_LT(open, compared / 1000);
}

TEST(LabelExport, TakesSlicesOfA2dModelAsFarApartAsTheScans) {
  // 5 mm slices against 1 mm pixels are resampled apart, though a 2d plan's d spacing is 0: the label in the
  // one slice stays in it. h from 2 to 4 voxels.
  ModelPlan plan = plan_of({0, 2, 1});
  plan.two_dimensional = true;
  const Tensor logits = tensor_of({1, 1, 3, 2, 1}, {-1, -1, 1, 1, -1, -1});
  const ExportTarget target = target_of({.size = {1, 4, 3}, .spacing_mm = {1, 1, 5}}, {3, 2, 1});
  EXPECT_THAT(labels_of(logits, target, plan, region_model({1})).voxels(),
              ElementsAre(0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0));
}

TEST(LabelExport, HandsOnTheProbabilitiesOfEveryPlane) {
  // Scan of 3 planes of 2 x 1 voxels; the network saw the second plane's second voxel.
  const Geometry scan{.size = {2, 1, 3}};
  const ExportTarget target{scan, {}, {{1, 0, 1}, {2, 1, 2}}, {1, 1, 1}};
  std::vector<std::vector<float>> planes;
  const auto keep = [&](std::int64_t plane, std::span<const float> probabilities) {
    EXPECT_EQ(plane, static_cast<std::int64_t>(planes.size()));
    planes.emplace_back(probabilities.begin(), probabilities.end());
  };
  LabelExport labels(target, plan_of({1, 1, 1}), label_model(1), false, keep);
  add_planes(labels, tensor_of({1, 2, 1, 1, 1}, {std::log(3.0f), 0}));  // odds 3 : 1
  labels.finish();
  ASSERT_EQ(planes.size(), 3U);
  EXPECT_EQ(planes[0], (std::vector<float>{1, 1, 0, 0}));
  EXPECT_THAT(planes[1], ElementsAre(1, testing::FloatEq(0.75f), 0, testing::FloatEq(0.25f)));
  EXPECT_EQ(planes[2], planes[0]);

  planes.clear();
  LabelExport regions(target, plan_of({1, 1, 1}), region_model({1, 2}), false, keep);
  add_planes(regions, tensor_of({1, 2, 1, 1, 1}, {std::log(3.0f), 0}));
  regions.finish();
  ASSERT_EQ(planes.size(), 3U);
  EXPECT_EQ(planes[0], (std::vector<float>{0, 0, 0, 0}));
  EXPECT_THAT(planes[1], ElementsAre(0, testing::FloatEq(0.75f), 0, 0.5f));
  EXPECT_EQ(planes[2], planes[0]);
}

TEST(LabelExport, IsTheSameForAnyNumberOfThreads) {
  const Tensor logits = random_tensor({1, 3, 4, 5, 6}, 2);
  const ExportTarget target = target_of({.size = {17, 39, 23}}, {4, 5, 6});
  const int before = thread_count();
  set_thread_count(1);
  const WideLabelMap one = labels_of(logits, target, plan_of({1, 1, 1}), label_model(2));
  set_thread_count(3);
  const WideLabelMap three = labels_of(logits, target, plan_of({1, 1, 1}), label_model(2));
  set_thread_count(before);
  EXPECT_TRUE(std::equal(one.voxels().begin(), one.voxels().end(), three.voxels().begin()));
}

TEST(LabelExport, RefusesWhatItCanNotDo) {
  ModelPlan cubic = plan_of({1, 1, 1});
  cubic.logit_resampling.order = 3;
  const ExportTarget target = target_of({.size = {1, 1, 1}}, {1, 1, 1});
  EXPECT_THROW(LabelExport(target, cubic, label_model(1), false), Error);
  LabelExport unfinished(target, plan_of({1, 1, 1}), label_model(1), false);
  EXPECT_THROW(unfinished.finish(), Error);
  EXPECT_THROW(unfinished.add(0, std::vector<float>(1)), Error);  // two heads
}

}  // namespace
}  // namespace hepar
