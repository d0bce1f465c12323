// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/keep_largest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hepar/tensors/test_npy.h"

namespace hepar {
namespace {

WideLabelMap read_labels(const char* name) {
  const NpyArray array = read_npy(std::filesystem::path(HEPAR_GOLDEN) / "nnunet/unit" / name);
  WideLabelMap labels({.size = {array.shape[2], array.shape[1], array.shape[0]}});
  for (std::size_t n = 0; n < array.values.size(); ++n)
    labels.voxels()[n] = static_cast<std::uint16_t>(array.values[n]);
  return labels;
}

TEST(KeepLargestComponent, IsNnUnets) {
  const std::pair<const char*, std::vector<int>> cases[] = {
      {"pp_fg.npy", {1, 2}}, {"pp_l2.npy", {2}}, {"pp_r12.npy", {1, 2}}};
  for (const auto& [name, kept] : cases) {
    WideLabelMap labels = read_labels("pp_in.npy");
    const WideLabelMap wanted = read_labels(name);
    keep_largest_component(labels, kept);
    EXPECT_TRUE(std::equal(labels.voxels().begin(), labels.voxels().end(), wanted.voxels().begin())) << name;
  }
}

WideLabelMap row(std::initializer_list<std::uint16_t> values) {
  WideLabelMap labels({.size = {static_cast<std::int64_t>(values.size()), 1, 1}});
  std::copy(values.begin(), values.end(), labels.voxels().begin());
  return labels;
}

TEST(KeepLargestComponent, KeepsAllOfTheLargestAndOtherLabels) {
  WideLabelMap labels = row({300, 300, 0, 1, 0, 300, 2, 0, 2});
  keep_largest_component(labels, std::vector<int>{300, 2});
  EXPECT_THAT(labels.voxels(), testing::ElementsAre(300, 300, 0, 1, 0, 300, 2, 0, 0));
}

TEST(KeepLargestComponent, LeavesAMapWithoutTheLabelsAsItIs) {
  WideLabelMap labels = row({0, 1, 0, 1});
  keep_largest_component(labels, std::vector<int>{2});
  EXPECT_THAT(labels.voxels(), testing::ElementsAre(0, 1, 0, 1));
}

}  // namespace
}  // namespace hepar
