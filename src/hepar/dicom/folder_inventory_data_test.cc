// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "hepar/dicom/folder_inventory.h"

namespace hepar::dicom {
namespace {
using testing::Contains;
using testing::HasSubstr;
using testing::SizeIs;

FolderInventory inventory_of(const std::string& name) {
  return take_inventory(std::filesystem::path(HEPAR_UNPACKED_DATA) / name);
}

// Sizes and faults as the README of the test data states them.
TEST(RealInventory, SegmentationsAndTheirCtWithAStraySlice) {
  const FolderInventory inventory = inventory_of("radcttaceomics/0745");
  ASSERT_THAT(inventory.series, SizeIs(3));
  int segmentations = 0;
  for (const DicomSeries& series : inventory.series) {
    if (series.modality == "SEG") {
      ++segmentations;
      EXPECT_EQ(series.objects.front().structure_count, 1);
      ASSERT_NE(inventory.ct_of(series.objects.front()), nullptr);
      EXPECT_EQ(inventory.ct_of(series.objects.front())->modality, "CT");
    } else {
      EXPECT_EQ(series.slice_count, 51);
      EXPECT_EQ(series.least_distance_mm, 5);
      EXPECT_THAT(series.problems, Contains(HasSubstr("1 sagittal slice")));
    }
  }
  EXPECT_EQ(segmentations, 2);
}

TEST(RealInventory, StructureSetAndItsCt) {
  const FolderInventory inventory = inventory_of("anondicom_rtstruct");
  ASSERT_THAT(inventory.series, SizeIs(2));
  const auto structures = std::ranges::find(inventory.series, "RTSTRUCT", &DicomSeries::modality);
  ASSERT_NE(structures, inventory.series.end());
  EXPECT_EQ(structures->objects.front().structure_count, 2);
  ASSERT_NE(inventory.ct_of(structures->objects.front()), nullptr);
  EXPECT_EQ(inventory.ct_of(structures->objects.front())->slice_count, 4);
}

TEST(RealInventory, UnevenSlices) {
  const FolderInventory inventory = inventory_of("tcga_lihc_irregular");
  ASSERT_THAT(inventory.series, SizeIs(1));
  EXPECT_EQ(inventory.series.front().least_distance_mm, 6);
  EXPECT_EQ(inventory.series.front().most_distance_mm, 8);
  EXPECT_THAT(inventory.series.front().problems, Contains(HasSubstr("--resample-irregular")));
}

TEST(RealInventory, StructureSetAlone) {
  const FolderInventory inventory = inventory_of("pancreas_cb_rtstruct");
  ASSERT_THAT(inventory.series, SizeIs(1));
  EXPECT_EQ(inventory.series.front().modality, "RTSTRUCT");
  EXPECT_THAT(inventory.series.front().problems, Contains(HasSubstr("not here")));
}

}  // namespace
}  // namespace hepar::dicom
