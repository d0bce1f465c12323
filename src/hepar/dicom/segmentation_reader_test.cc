// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

#include "hepar/core/error.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/dicom/structure_set.h"
#include "hepar/dicom/synthetic_segmentation.h"

namespace hepar::dicom {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::Eq;
using testing::HasSubstr;
using testing::IsEmpty;
using Pixels = std::vector<std::uint16_t>;

class SegmentationReader : public testing::Test {
 protected:
  SegmentationReader()
      : folder_(fs::temp_directory_path() / ("hepar_seg_reader_" + std::to_string(::getpid()))),
        file_(folder_ / "seg.dcm") {
    fs::create_directories(folder_);
  }
  ~SegmentationReader() override { fs::remove_all(folder_); }

  Segmentation written(const SyntheticSegmentation& segmentation) {
    write_synthetic_segmentation(file_, segmentation);
    return read_segmentation(file_);
  }
  std::string refusal(ErrorCode code) {
    try {
      read_segmentation(file_);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "not refused";
    return "";
  }
  std::string refusal(ErrorCode code, const SyntheticSegmentation& segmentation) {
    write_synthetic_segmentation(file_, segmentation);
    return refusal(code);
  }

  fs::path folder_, file_;
};

// 5 x 3 pixels, so that the second frame begins in the midst of a byte.
const Pixels kFirst{1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1};
const Pixels kSecond{0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};

SyntheticSegmentation two_frames() {
  SyntheticSegmentation segmentation;
  segmentation.frames = {{1, Vec3{-10, -20, 30}, kFirst, ""}, {1, Vec3{-10, -20, 35}, kSecond, ""}};
  return segmentation;
}

// Slices 30 and 35 mm, as the frames of two_frames() lie.
Geometry grid_of_two() { return {{5, 3, 2}, {0.7, 0.8, 5}, {-10, -20, 30}, Mat3::identity()}; }

Pixels voxels_of(const Mask& mask, std::int64_t k) {
  const auto slice = mask.voxels().subspan(mask.offset({0, 0, k}), 15);
  return {slice.begin(), slice.end()};
}

void expect_both_frames(const Segmentation& read) {
  const Mask mask = segment_mask(read, 1, grid_of_two());
  EXPECT_EQ(voxels_of(mask, 0), kFirst);
  EXPECT_EQ(voxels_of(mask, 1), kSecond);
}

TEST_F(SegmentationReader, BitsRunOnOverTheFrames) {
  const Segmentation read = written(two_frames());
  expect_both_frames(read);
  ASSERT_EQ(read.segments.size(), 1U);
  EXPECT_EQ(read.segments[0].label, "Liver");
  EXPECT_EQ(read.segments[0].type.value, "10200004");
  EXPECT_EQ(read.segments[0].type.scheme, "SCT");
  EXPECT_EQ(read.maximum_value, 1);
  EXPECT_EQ(read.frame_of_reference_uid, "1.2.3.6");
  EXPECT_THAT(read.notes, IsEmpty());
  EXPECT_THROW(segmentation_grid(read), Error);  // it states no distance of slices
}

// The frame of reference is 1.2.3.6, as the synthetic segmentation states it; it names no series.
CtGrid ct_of_two(const std::string& frame_of_reference_uid) {
  CtGrid ct;
  ct.geometry = grid_of_two();
  ct.series_uid = "1.2.3.4";
  ct.frame_of_reference_uid = frame_of_reference_uid;
  return ct;
}

TEST_F(SegmentationReader, LiesOnTheCtOfItsFrameOfReference) {
  Segmentation read = written(two_frames());
  const SegmentMask same = segment_mask(read, 1, ct_of_two("1.2.3.6"));
  EXPECT_EQ(voxels_of(same.mask, 0), kFirst);
  EXPECT_THAT(same.notes, IsEmpty());
  try {
    segment_mask(read, 1, ct_of_two("1.2.3.7"));
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_THAT(error.what(), HasSubstr("frame of reference is another one"));
  }
  EXPECT_THAT(segment_mask(read, 1, ct_of_two("")).notes, ElementsAre(HasSubstr("nothing proves")));
  // A CT's illegal frame counts as none: ours are made on a frame in its place.
  const CtGrid illegal = ct_of_two("abc");
  EXPECT_THAT(segment_mask(read, 1, illegal).notes, ElementsAre(HasSubstr("nothing proves")));
  Segmentation ours = read;
  ours.frame_of_reference_uid = frame_of_reference_for(illegal);
  EXPECT_THAT(segment_mask(ours, 1, illegal).notes, IsEmpty());
  read.series_uid = "1.2.3.4";
  EXPECT_THAT(segment_mask(read, 1, ct_of_two("")).notes, IsEmpty());
  read.frame_of_reference_uid.clear();
  EXPECT_THAT(segment_mask(read, 1, ct_of_two("1.2.3.6")).notes, IsEmpty());
  read.series_uid = "1.2.3.5";
  EXPECT_THAT(segment_mask(read, 1, ct_of_two("1.2.3.6")).notes, ElementsAre(HasSubstr("nothing proves")));
}

TEST_F(SegmentationReader, NotesWhatItsMaskDoesNotShow) {
  SyntheticSegmentation segmentation = two_frames();
  segmentation.segments = {{1, "Liver"}, {2, "Empty"}};
  const Segmentation binary = written(segmentation);
  EXPECT_THAT(segment_mask(binary, 2, ct_of_two("1.2.3.6")).notes,
              ElementsAre(HasSubstr("'Empty' holds no voxel")));
  segmentation.type = "FRACTIONAL", segmentation.bits = 8;
  segmentation.attributes["MaximumFractionalValue"] = "2";
  segmentation.frames.resize(1);
  EXPECT_THAT(segment_mask(written(segmentation), 1, ct_of_two("1.2.3.6")).notes,
              ElementsAre(HasSubstr("'Liver' counts as inside from half of its maximum on")));
}

TEST_F(SegmentationReader, TransferSyntaxes) {
  for (const char* syntax : {"implicit", "big-endian", "deflated"}) {
    SCOPED_TRACE(syntax);
    SyntheticSegmentation segmentation = two_frames();
    segmentation.syntax = syntax;
    expect_both_frames(written(segmentation));
  }
  for (const char* syntax : {"implicit", "rle", "jpeg-ls"}) {
    SCOPED_TRACE(syntax);
    SyntheticSegmentation segmentation = two_frames();
    segmentation.syntax = syntax, segmentation.bits = 8;
    expect_both_frames(written(segmentation));
  }
}

TEST_F(SegmentationReader, FramesInAnyOrderWithTheirOwnMeasures) {
  SyntheticSegmentation segmentation = two_frames();
  std::swap(segmentation.frames[0], segmentation.frames[1]);
  segmentation.measures_in_frames = true;
  expect_both_frames(written(segmentation));
}

TEST_F(SegmentationReader, SegmentsMayOverlapOrHaveNoFrame) {
  SyntheticSegmentation segmentation = two_frames();
  segmentation.segments = {{7, "Cyst"}, {2, "Tumor"}, {1, "Liver"}};
  segmentation.frames.push_back({2, Vec3{-10, -20, 30}, kFirst, ""});
  const Segmentation read = written(segmentation);
  expect_both_frames(read);
  EXPECT_EQ(voxels_of(segment_mask(read, 2, grid_of_two()), 0), kFirst);
  EXPECT_EQ(voxels_of(segment_mask(read, 2, grid_of_two()), 1), Pixels(15));
  EXPECT_EQ(voxels_of(segment_mask(read, 7, grid_of_two()), 0), Pixels(15));
  EXPECT_THAT(read.segments,
              ElementsAre(testing::Field(&Segment::number, 1), testing::Field(&Segment::number, 2),
                          testing::Field(&Segment::number, 7)));
  EXPECT_THROW(segment_mask(read, 3, grid_of_two()), Error);
}

TEST_F(SegmentationReader, OneSegmentNeedNotBeNamedByTheFrames) {
  SyntheticSegmentation segmentation = two_frames();
  for (SyntheticFrame& frame : segmentation.frames) frame.segment = 0;
  segmentation.segments = {{4, "Liver"}};
  EXPECT_EQ(voxels_of(segment_mask(written(segmentation), 4, grid_of_two()), 0), kFirst);
  segmentation.segments = {{4, "Liver"}, {5, "Tumor"}};
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, segmentation), HasSubstr("segment 0"));
}

TEST_F(SegmentationReader, FractionsOfTheirMaximum) {
  SyntheticSegmentation segmentation = two_frames();
  segmentation.type = "FRACTIONAL", segmentation.bits = 8;
  segmentation.attributes = {{"MaximumFractionalValue", "100"}};
  segmentation.frames[0].pixels = {0, 1, 49, 50, 51, 100, 101, 255, 0, 0, 0, 0, 0, 0, 0};
  for (const char* syntax : {"explicit", "implicit", "rle", "jpeg-ls"}) {
    SCOPED_TRACE(syntax);
    segmentation.syntax = syntax;
    const Segmentation read = written(segmentation);
    EXPECT_EQ(read.maximum_value, 100);
    EXPECT_THAT(read.notes, ElementsAre(HasSubstr("2 values above")));
    const auto probability = segment_probability(read, 1, grid_of_two());
    EXPECT_THAT(std::vector<float>(probability.voxels().begin(), probability.voxels().begin() + 9),
                ElementsAre(0, 0.01F, 0.49F, 0.5F, 0.51F, 1, 1, 1, 0));
    EXPECT_EQ(voxels_of(segment_mask(read, 1, grid_of_two()), 0),
              (Pixels{0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0}));
  }
}

TEST_F(SegmentationReader, BinaryAsProbability) {
  const auto probability = segment_probability(written(two_frames()), 1, grid_of_two());
  EXPECT_THAT(std::vector<float>(probability.voxels().begin(), probability.voxels().begin() + 15),
              ElementsAreArray(std::vector<float>(kFirst.begin(), kFirst.end())));
}

TEST_F(SegmentationReader, LabelMaps) {
  SyntheticSegmentation segmentation = two_frames();
  segmentation.type = "LABELMAP";
  segmentation.segments = {{0, "Background"}, {1, "Liver"}, {300, "Tumor"}};
  segmentation.frames[0].pixels[3] = 300;
  for (SyntheticFrame& frame : segmentation.frames) frame.segment = 0;
  segmentation.bits = 16;
  const Segmentation read = written(segmentation);
  expect_both_frames(read);
  EXPECT_EQ(voxels_of(segment_mask(read, 300, grid_of_two()), 0)[3], 1);
  segmentation.segments.pop_back();
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, segmentation), HasSubstr("value 300"));
}

TEST_F(SegmentationReader, LabelsOfAnyCharacterSet) {
  SyntheticSegmentation segmentation = two_frames();
  segmentation.segments = {{1, "L\xe9sion"}};
  segmentation.attributes = {{"SpecificCharacterSet", "ISO_IR 100"}};
  EXPECT_EQ(written(segmentation).segments[0].label, "Lésion");
}

TEST_F(SegmentationReader, SlicesThatAreMissingAreEmpty) {
  SyntheticSegmentation segmentation = two_frames();
  segmentation.frames[1].position_mm = Vec3{-10, -20, 45};
  segmentation.frames.push_back({1, Vec3{-10, -20, 50}, kSecond, ""});
  segmentation.slice_spacing = "5";
  const Segmentation read = written(segmentation);
  const Geometry grid = segmentation_grid(read);
  EXPECT_EQ(grid.size, (Int3{5, 3, 5}));  // 30, 35, ..., 50 mm
  EXPECT_DOUBLE_EQ(grid.spacing_mm.z, 5);
  const Mask mask = segment_mask(read, 1, grid);
  EXPECT_EQ(voxels_of(mask, 0), kFirst);
  EXPECT_EQ(voxels_of(mask, 1), Pixels(15));
  EXPECT_EQ(voxels_of(mask, 3), kSecond);
}

// 65535 segments in one frame of 1024 x 1024 pixels, of 131072 bytes each: 8.6e9 bytes of a file of 2 MB.
TEST_F(SegmentationReader, SegmentsBeyondMeasureAreRefused) {
  SyntheticSegmentation segmentation;
  segmentation.type = "LABELMAP", segmentation.bits = 16;
  segmentation.rows = segmentation.columns = 1024;
  Pixels pixels(std::size_t{1024} * 1024);
  for (std::size_t n = 0; n < pixels.size(); ++n) pixels[n] = static_cast<std::uint16_t>(n % 65536);
  segmentation.frames = {{0, Vec3{-10, -20, 30}, pixels, ""}};
  EXPECT_THAT(refusal(ErrorCode::kUnsupported, segmentation), HasSubstr("more than 4294967296 bytes"));
}

TEST_F(SegmentationReader, GridsWithOtherAxesOfTheSameVoxels) {
  const Segmentation read = written(two_frames());
  // i backwards along x, j along z, k along y: its first voxel is the frames' column 4 at 30 mm.
  const Geometry turned{
      {5, 2, 3}, {0.7, 5, 0.8}, {-10 + 4 * 0.7, -20, 30}, Mat3{{{{-1, 0, 0}, {0, 0, 1}, {0, 1, 0}}}}};
  const Mask mask = segment_mask(read, 1, turned);
  EXPECT_EQ(mask.geometry(), turned);
  const Mask straight = segment_mask(read, 1, grid_of_two());
  for (std::int64_t k = 0; k < 2; ++k) {
    for (std::int64_t j = 0; j < 3; ++j) {
      for (std::int64_t i = 0; i < 5; ++i) EXPECT_EQ((mask[{4 - i, k, j}]), (straight[{i, j, k}]));
    }
  }
}

TEST_F(SegmentationReader, OtherGridsAreRefusedByWhatDiffers) {
  const Segmentation read = written(two_frames());
  const auto refused = [&read](const Geometry& grid) -> std::string {
    try {
      segment_mask(read, 1, grid);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
      return error.what();
    }
    return "taken";
  };
  Geometry grid = grid_of_two();
  grid.size.i = 6;
  EXPECT_THAT(refused(grid), HasSubstr("5 x 3 pixels, the slices 6 x 3"));
  grid = grid_of_two(), grid.origin_mm.x += 0.02;
  EXPECT_THAT(refused(grid), HasSubstr("0.020 mm off in plane"));
  grid = grid_of_two(), grid.origin_mm.x += 0.009, grid.origin_mm.z += 0.49;
  EXPECT_EQ(refused(grid), "taken");
  grid.origin_mm.z += 0.02;
  EXPECT_THAT(refused(grid), HasSubstr("0.510 mm from the nearest"));
  grid = grid_of_two(), grid.size.k = 1;
  EXPECT_THAT(refused(grid), HasSubstr("slice 2 of 1"));
  grid = grid_of_two(), grid.direction = Mat3{{{{1, 0, 0}, {0, 0.8, -0.6}, {0, 0.6, 0.8}}}};
  EXPECT_THAT(refused(grid), HasSubstr("oblique"));
}

TEST_F(SegmentationReader, EmptyFramesBesideTheGridAreNothing) {
  SyntheticSegmentation segmentation = two_frames();
  segmentation.frames.push_back({1, Vec3{-10, -20, 40}, Pixels(15), ""});
  expect_both_frames(written(segmentation));
}

TEST_F(SegmentationReader, TwoFramesOnOneSliceMustAgree) {
  SyntheticSegmentation segmentation = two_frames();
  segmentation.frames.push_back(segmentation.frames[0]);
  expect_both_frames(written(segmentation));
  segmentation.frames[2].pixels = kSecond;
  const Segmentation read = written(segmentation);
  EXPECT_THROW(segment_mask(read, 1, grid_of_two()), Error);
}

TEST_F(SegmentationReader, SizesThatContradictThePixels) {
  // 2 frames of 5 x 3 bits are 30 bits, 4 bytes.
  SyntheticSegmentation segmentation = two_frames();
  segmentation.attributes = {{"Rows", "5"}};  // 50 bits, 7 bytes
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, segmentation),
              AllOf(HasSubstr("make 7 bytes"), HasSubstr("holds 4")));
  segmentation.attributes = {{"Rows", "1"}};  // 10 bits, 2 bytes
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, segmentation), HasSubstr("make 2 bytes"));
  segmentation.attributes = {{"Rows", "65535"}, {"Columns", "65535"}};
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, segmentation), HasSubstr("far more than the file can hold"));
  segmentation.attributes = {{"NumberOfFrames", "900000000"}};
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, segmentation), HasSubstr("states 900000000 frames"));
  segmentation.attributes = {{"PixelData", ""}};
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, segmentation), HasSubstr("no pixels"));
}

TEST_F(SegmentationReader, DamagedDescriptions) {
  const std::pair<std::map<std::string, std::string>, const char*> cases[] = {
      {{{"SegmentationType", "OTHER"}}, "Segmentation Type"},
      {{{"Rows", ""}}, "0 rows"},
      {{{"SegmentSequence", ""}}, "no segment"},
      {{{"NumberOfFrames", "3"}}, "states 3 frames and describes 2"}};
  for (const auto& [attributes, message] : cases) {
    SyntheticSegmentation segmentation = two_frames();
    segmentation.attributes = attributes;
    EXPECT_THAT(refusal(ErrorCode::kCorrupt, segmentation), HasSubstr(message));
  }
  SyntheticSegmentation segmentation = two_frames();
  segmentation.segments = {{1, "Liver"}, {1, "Tumor"}};
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, segmentation), HasSubstr("number 1"));
  segmentation = two_frames(), segmentation.orientation = "1\\0\\0\\0.5\\1\\0";
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, segmentation), HasSubstr("right angles"));
  segmentation = two_frames(), segmentation.spacing = "0\\0.7";
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, segmentation), HasSubstr("spacing"));
}

TEST_F(SegmentationReader, WhatIsNotReadIsNamed) {
  SyntheticSegmentation segmentation = two_frames();
  segmentation.frames[1].orientation = "0\\1\\0\\0\\0\\1";
  EXPECT_THAT(refusal(ErrorCode::kUnsupported, segmentation), HasSubstr("several orientations"));
  segmentation = two_frames(), segmentation.frames[0].position_mm.reset();
  EXPECT_THAT(refusal(ErrorCode::kUnsupported, segmentation), HasSubstr("where they lie"));
  segmentation = two_frames();
  segmentation.attributes = {{"ConcatenationUID", "1.2.3"}, {"InConcatenationTotalNumber", "2"}};
  EXPECT_THAT(refusal(ErrorCode::kUnsupported, segmentation), HasSubstr("concatenation"));
  segmentation.attributes = {{"BitsAllocated", "4"}};
  EXPECT_THAT(refusal(ErrorCode::kUnsupported, segmentation), HasSubstr("4 bits"));
}

TEST_F(SegmentationReader, CompressionThatIsNotDecoded) {
  SyntheticSegmentation segmentation = two_frames();
  segmentation.bits = 8, segmentation.syntax = "jpeg-ls";
  write_synthetic_segmentation(file_, segmentation);
  std::ifstream stream(file_, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  const std::string known = "1.2.840.10008.1.2.4.80", unknown("1.2.840.10008.1.2.8.1\0", known.size());
  ASSERT_NE(bytes.find(known), std::string::npos);
  std::ofstream(file_, std::ios::binary) << bytes.replace(bytes.find(known), known.size(), unknown);
  EXPECT_THAT(refusal(ErrorCode::kUnsupported), HasSubstr("compressed as deflated frames"));
}

TEST_F(SegmentationReader, OtherFiles) {
  EXPECT_THAT(refusal(ErrorCode::kMissing), HasSubstr("no such file"));
  std::ofstream(file_) << "text";
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput), HasSubstr("no DICOM file"));
  SyntheticSegmentation segmentation = two_frames();
  segmentation.attributes = {{"SOPClassUID", "1.2.840.10008.5.1.4.1.1.2"}};
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, segmentation), HasSubstr("no DICOM Segmentation"));
}

// Cut anywhere, a file is refused or, where only padding is lost, read in full; never a crash.
TEST_F(SegmentationReader, TruncatedAnywhere) {
  for (const char* syntax : {"explicit", "rle"}) {
    SyntheticSegmentation segmentation = two_frames();
    segmentation.syntax = syntax, segmentation.bits = 8;
    write_synthetic_segmentation(file_, segmentation);
    std::ifstream stream(file_, std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(stream)), {});
    std::size_t refused = 0;
    for (std::size_t length = 1; length < whole.size(); length += 7) {
      std::ofstream(file_, std::ios::binary).write(whole.data(), static_cast<std::streamsize>(length));
      try {
        expect_both_frames(read_segmentation(file_));
      } catch (const Error&) {
        ++refused;
      }
    }
    EXPECT_GE(refused, whole.size() / 7 - 2) << syntax;
  }
}

}  // namespace
}  // namespace hepar::dicom
