// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>

#include "hepar/io/image_io.h"
#include "hepar/pipeline/import_dataset.h"
#include "hepar/pipeline/test_folder.h"
#include "hepar/pipeline/test_import.h"
#include "hepar/volume/reorient.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::SizeIs;

class RealImport : public ScratchFolder {
 protected:
  ImportReport import(ImportFormat format, const std::string& source,
                      const StructureNames& names = {}) const {
    return import_dataset({.format = format,
                           .source = fs::path(HEPAR_UNPACKED_DATA) / source,
                           .dataset = root_ / "dataset",
                           .structures = names});
  }
};

// Labels that were made of the same masks by another program, and volumes from the README of the test data.
TEST_F(RealImport, IrcadbGivesThePublishedLabels) {
  const ImportReport report = import(ImportFormat::kIrcadb, "ircadb01");
  ASSERT_THAT(report.taken, SizeIs(2)) << import_text(report);
  EXPECT_EQ(report.taken[0].name, "ircadb_01");
  EXPECT_NEAR(report.taken[0].liver_ml, 1489, 1);
  EXPECT_NEAR(report.taken[0].cyst_ml, 0.06, 0.01);
  EXPECT_EQ(report.taken[1].name, "ircadb_17");
  EXPECT_NEAR(report.taken[1].liver_ml, 1861, 1);
  for (const char* number : {"01", "17"}) {
    const LabelMap expected =
        read_labels(fs::path(HEPAR_UNPACKED_DATA) / "ircadb01" / (std::string("case") + number) /
                    "derived_label_liver1_tumour2_cyst3.nii.gz")
            .voxels;
    const LabelMap labels = imported_labels(root_ / "dataset", std::string("ircadb_") + number);
    EXPECT_FALSE(grid_difference(labels.geometry(), expected.geometry()));
    EXPECT_TRUE(std::ranges::equal(labels.voxels(), expected.voxels()));
  }
}

// Liver and tumour are two files on one CT. By pydicom their frames hold 365604 and 29987 voxels of
// 0.785156 x 0.785156 x 5 mm, and 365971 either: 1128.05 mL.
TEST_F(RealImport, SegmentationsOfOneCtAreJoined) {
  const ImportReport report = import(ImportFormat::kDicomSeg, "radcttaceomics");
  ASSERT_THAT(report.taken, SizeIs(1)) << import_text(report);
  EXPECT_NEAR(report.taken[0].tumour_ml, 92.43, 0.01);
  EXPECT_NEAR(report.taken[0].liver_ml, 1128.05, 0.01);
  EXPECT_EQ(imported_image(root_ / "dataset", report.taken[0].name).size(), (Int3{512, 512, 51}));
}

// The published mask (1 spinal cord, 2 body) was made by a program that also takes the pixels on the
// contours: ours lies in it, and what it has more is a rim.
TEST_F(RealImport, StructureSetOnItsCt) {
  const ImportReport report =
      import(ImportFormat::kDicomRt, "anondicom_rtstruct", {.liver = {"*body*"}, .tumour = {"*spinal*"}});
  ASSERT_THAT(report.taken, SizeIs(1)) << import_text(report);
  const LabelMap labels = imported_labels(root_ / "dataset", report.taken[0].name);
  LabelMap published =
      read_labels(fs::path(HEPAR_UNPACKED_DATA) / "anondicom_rtstruct/AnonDICOM/Mask.nii.gz").voxels;
  lay_onto(published, labels.geometry());
  std::int64_t cord_in = 0, cord = 0, outside = 0;
  for (std::size_t n = 0; n < labels.voxels().size(); ++n) {
    cord += labels.voxels()[n] == kTumour ? 1 : 0;
    cord_in += labels.voxels()[n] == kTumour && published.voxels()[n] == 1 ? 1 : 0;
    outside += labels.voxels()[n] != 0 && published.voxels()[n] == 0 ? 1 : 0;
  }
  EXPECT_GE(static_cast<double>(cord_in), 0.99 * static_cast<double>(cord));
  EXPECT_GE(cord, 745 * 8 / 10);
  EXPECT_LE(outside, 164688 / 1000);
}

}  // namespace
}  // namespace hepar
