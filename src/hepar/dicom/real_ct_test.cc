// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>

#include "hepar/core/error.h"
#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/test_python.h"

namespace hepar::dicom {
namespace {
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

std::filesystem::path data(const std::string& name) {
  return std::filesystem::path(HEPAR_UNPACKED_DATA) / name;
}

std::string refusal(ErrorCode code, const std::filesystem::path& folder) {
  try {
    read_ct_series(folder);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  ADD_FAILURE() << "not refused";
  return "";
}

// Sizes and spacings as the README of the test data states them.
TEST(RealCt, LiverWithTumours) {
  const CtSeries series = read_ct_series(data("ircadb01/case01/PATIENT_DICOM"));
  EXPECT_EQ(series.voxels.size(), (Int3{512, 512, 129}));
  EXPECT_NEAR(series.voxels.geometry().spacing_mm.x, 0.57, 1e-6);
  EXPECT_NEAR(series.voxels.geometry().spacing_mm.z, 1.6, 1e-6);
  EXPECT_EQ(series.grid.frame_of_reference_uid, "");
}

TEST(RealCt, PaddingOutsideTheScan) {
  const CtSeries series = read_ct_series(data("crlm"));
  EXPECT_EQ(series.voxels.size(), (Int3{512, 512, 41}));
  EXPECT_EQ(*std::min_element(series.voxels.voxels().begin(), series.voxels.voxels().end()), -1024);
  EXPECT_THAT(series.grid.notes, Contains(HasSubstr("padding")));
}

TEST(RealCt, StraySagittalSlice) {
  const CtSeries series = read_ct_series(data("radcttaceomics/0745"));
  EXPECT_EQ(series.voxels.size(), (Int3{512, 512, 51}));
  EXPECT_THAT(series.grid.notes, Contains(AllOf(HasSubstr("1 sagittal slice"), HasSubstr("left out"))));
}

TEST(RealCt, IrregularSlices) {
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, data("tcga_lihc_irregular")),
              AllOf(HasSubstr("6 mm"), HasSubstr("8 mm"), HasSubstr("--resample-irregular")));
  const CtSeries series = read_ct_series(data("tcga_lihc_irregular"), {.resample_irregular = true});
  EXPECT_EQ(series.voxels.size(), (Int3{512, 512, 35}));  // 34 steps of 8 mm and one of 6 mm: 278 mm
  EXPECT_DOUBLE_EQ(series.voxels.geometry().spacing_mm.z, 8);
  EXPECT_DOUBLE_EQ(series.voxels.geometry().spacing_mm.x, 0.6757812);  // written 06.757812E-01
}

constexpr const char* kPeer = R"(import sys, glob, numpy, pydicom
slices = [pydicom.dcmread(f) for f in glob.glob(sys.argv[1] + '/*')]
slices.sort(key=lambda s: float(s.ImagePositionPatient[2]))
hu = [s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices]
numpy.maximum(numpy.array(hu), -1024).astype(numpy.float32).tofile(sys.argv[2])
)";

TEST(RealCt, Jpeg2000EqualsAnIndependentReading) {
  const auto folder = data("totalseg_example/example_ct_dicom");
  const CtSeries series = read_ct_series(folder);
  EXPECT_EQ(series.voxels.size(), (Int3{512, 512, 20}));
  EXPECT_DOUBLE_EQ(series.voxels.geometry().spacing_mm.z, 2);
  const auto bytes = written_by_python(HEPAR_PEER_PYTHON, kPeer, {folder});
  const auto voxels = series.voxels.voxels();
  ASSERT_EQ(bytes.size(), voxels.size_bytes());
  EXPECT_EQ(std::memcmp(bytes.data(), voxels.data(), bytes.size()), 0);
}

TEST(RealCt, ThreeSlicesBesideSegmentations) {
  EXPECT_EQ(read_ct_series(data("dcmqi_liver3slice")).voxels.size(), (Int3{512, 512, 3}));
}

}  // namespace
}  // namespace hepar::dicom
