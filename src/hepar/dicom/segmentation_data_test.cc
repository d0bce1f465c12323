// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "hepar/dicom/ct_series.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/dicom/test_python.h"
#include "hepar/io/image_io.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

fs::path data(const std::string& name) { return fs::path(HEPAR_UNPACKED_DATA) / name; }

Mask where(const LabelMap& labels, std::uint8_t label) {
  Mask mask(labels.geometry());
  std::ranges::transform(labels.voxels(), mask.voxels().begin(),
                         [label](std::uint8_t value) { return static_cast<std::uint8_t>(value == label); });
  return mask;
}

std::int64_t count(const Mask& mask) { return std::ranges::count(mask.voxels(), 1); }

double volume_ml(const Mask& mask) {
  return static_cast<double>(count(mask)) * mask.geometry().voxel_volume_ml();
}

// The masks that these segmentations were made from lie beside them.
TEST(RealSegmentation, LiverEqualsItsReference) {
  const Segmentation read = read_segmentation(data("dcmqi_liver3slice/liver.dcm"));
  const Mask reference = read_labels(data("dcmqi_liver3slice/liver_seg.nrrd")).voxels;
  const Mask mask = segment_mask(read, 1, reference.geometry());
  EXPECT_GT(count(reference), 0);
  EXPECT_TRUE(std::ranges::equal(mask.voxels(), where(reference, 1).voxels()));
  const CtGrid ct = read_ct_grid(data("dcmqi_liver3slice/ct-3slice"));
  EXPECT_FALSE(grid_difference(segmentation_grid(read), ct.geometry));
  EXPECT_EQ(read.series_uid, ct.series_uid);
  EXPECT_EQ(read.frame_of_reference_uid, ct.frame_of_reference_uid);
}

// Five segments that overlap in part, hence three label maps.
TEST(RealSegmentation, OverlappingSegmentsEqualTheirReferences) {
  const Segmentation read = read_segmentation(data("dcmqi_liver3slice/partial_overlaps.dcm"));
  ASSERT_EQ(read.segments.size(), 5U);
  EXPECT_EQ(read.segments[3].label, "LIGHT_BLUE");
  const int file_of_segment[] = {1, 2, 3, 1, 1};
  for (int segment = 1; segment <= 5; ++segment) {
    SCOPED_TRACE(segment);
    const Mask reference = where(read_labels(data(fmt::format("dcmqi_liver3slice/partial_overlaps-{}.nrrd",
                                                              file_of_segment[segment - 1])))
                                     .voxels,
                                 static_cast<std::uint8_t>(segment));
    EXPECT_GT(count(reference), 0);
    EXPECT_TRUE(
        std::ranges::equal(segment_mask(read, segment, reference.geometry()).voxels(), reference.voxels()));
  }
}

// Decodes the segmentation's bits with NumPy and lays each frame on the CT slice at its place. (The images
// that its frames name as their sources are all the same one.)
constexpr const char* kPeer = R"(import sys, glob, numpy, pydicom
segmentation = pydicom.dcmread(sys.argv[1])
slices = [pydicom.dcmread(f, stop_before_pixels=True) for f in glob.glob(sys.argv[2] + '/*.dcm')]
heights = sorted(float(s.ImagePositionPatient[2]) for s in slices
                 if [round(float(v)) for v in s.ImageOrientationPatient] == [1, 0, 0, 0, 1, 0])
bits = numpy.unpackbits(numpy.frombuffer(segmentation.PixelData, numpy.uint8), bitorder='little')
mask = numpy.zeros((len(heights), segmentation.Rows, segmentation.Columns), numpy.uint8)
area = segmentation.Rows * segmentation.Columns
for n, frame in enumerate(segmentation.PerFrameFunctionalGroupsSequence):
    height = float(frame.PlanePositionSequence[0].ImagePositionPatient[2])
    mask[heights.index(height)] += bits[n * area:(n + 1) * area].reshape(mask.shape[1:])
mask.tofile(sys.argv[3])
)";

// Volumes as the README of the test data states them.
TEST(RealSegmentation, LiverAndTumourEqualAnIndependentDecoding) {
  const fs::path ct_folder = data("radcttaceomics/0745/10_AP_Ax5.00mm");
  const CtGrid ct = read_ct_grid(ct_folder);
  const std::pair<const char*, double> cases[] = {{"Liver", 1127}, {"Tumor", 92}};
  for (const auto& [name, expected_ml] : cases) {
    SCOPED_TRACE(name);
    const fs::path file = data(fmt::format("radcttaceomics/0745/10_AP_Ax5.00mm_ManualROI_{}.dcm", name));
    const Segmentation read = read_segmentation(file);
    ASSERT_EQ(read.segments.size(), 1U);
    EXPECT_EQ(read.segments[0].label, name);
    const Mask mask = segment_mask(read, 1, ct.geometry);
    EXPECT_NEAR(volume_ml(mask), expected_ml, 0.5);
    EXPECT_TRUE(std::ranges::equal(mask.voxels(),
                                   dicom::written_by_python(HEPAR_PEER_PYTHON, kPeer, {file, ct_folder})));
  }
}

}  // namespace
}  // namespace hepar
