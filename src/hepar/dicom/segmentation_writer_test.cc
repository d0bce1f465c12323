// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <random>

#include "hepar/core/error.h"
#include "hepar/dicom/ct_writer.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/dicom/structure_set.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

const RoiStyle kWholeLiver{"Liver",
                           {1, 2, 3},
                           "ORGAN",
                           {255, 0, 0},
                           {"123037004", "SCT", "Anatomical Structure"},
                           {"10200004", "SCT", "Liver"}};
const RoiStyle kGtv{"GTV",
                    {2},
                    "GTV",
                    {0, 255, 0},
                    {"49755003", "SCT", "Morphologically Abnormal Structure"},
                    {"108369006", "SCT", "Neoplasm"}};
const RoiStyle kCysts{"Cyst", {3}, "", {0, 0, 255}, {}, {}};

class SegmentationWriter : public testing::Test {
 protected:
  SegmentationWriter()
      : folder_(fs::temp_directory_path() / ("hepar_seg_writer_" + std::to_string(::getpid()))),
        file_(folder_ / "seg.dcm") {
    profile_.rois = {kWholeLiver, kGtv, kCysts};
  }
  ~SegmentationWriter() override { fs::remove_all(folder_); }

  CtGrid make_ct(const Geometry& geometry) {
    fs::remove_all(folder_);
    write_ct_series(
        folder_ / "ct", CtVolume(geometry),
        {.patient_id = "P1", .patient_name = "Phantom", .series_description = "", .uid_seed = "a"});
    return read_ct_grid(folder_ / "ct");
  }
  std::string refusal(const LabelMap& labels, const CtGrid& ct) {
    try {
      write_segmentation(file_, labels, ct, profile_);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
      EXPECT_FALSE(fs::exists(file_));
      return error.what();
    }
    return "written";
  }

  fs::path folder_, file_;
  DicomProfile profile_;
};

LabelMap random_labels(const Geometry& geometry, std::mt19937& random, int one_in) {
  LabelMap labels(geometry);
  for (std::uint8_t& voxel : labels.voxels()) {
    const auto roll = static_cast<int>(random() % static_cast<unsigned>(3 * one_in));
    voxel = static_cast<std::uint8_t>(roll < 3 ? roll + 1 : 0);
  }
  return labels;
}

void expect_same(const Segmentation& read, const Geometry& grid, const LabelMap& labels,
                 const std::vector<RoiStyle>& rois) {
  for (const Segment& segment : read.segments) {
    SCOPED_TRACE(segment.label);
    const auto roi = std::ranges::find(rois, segment.label, &RoiStyle::name);
    ASSERT_NE(roi, rois.end());
    const Mask mask = segment_mask(read, segment.number, grid);
    for (std::size_t n = 0; n < labels.voxels().size(); ++n) {
      const bool inside = std::ranges::count(roi->labels, labels.voxels()[n]) > 0;
      ASSERT_EQ(mask.voxels()[n], inside ? 1 : 0) << n;
    }
  }
}

// Turned about two axes.
Geometry oblique(Int3 size, double slice_mm) {
  const double c = std::cos(0.5), s = std::sin(0.5), d = std::cos(0.3), t = std::sin(0.3);
  const Mat3 about_x{{{{1, 0, 0}, {0, c, -s}, {0, s, c}}}}, about_z{{{{d, -t, 0}, {t, d, 0}, {0, 0, 1}}}};
  return {size, {0.7, 0.9, slice_mm}, {-103.25, 20.5, 300.125}, about_z * about_x};
}

TEST_F(SegmentationWriter, RandomMasksOnAnyGrid) {
  std::mt19937 random(1);
  const Geometry grids[] = {{{16, 8, 4}, {1, 1, 1}, {}, Mat3::identity()},
                            oblique({7, 5, 6}, 0.5),  // frames that do not end with a byte
                            oblique({13, 9, 3}, 10),
                            oblique({3, 3, 2}, 300)};
  for (const Geometry& geometry : grids) {
    const CtGrid ct = make_ct(geometry);
    for (const int one_in : {2, 30}) {
      LabelMap labels = random_labels(ct.geometry, random, one_in);
      labels[{1, 2, 1}] = kTumour;
      write_segmentation(file_, labels, ct, profile_);
      const Segmentation read = read_segmentation(file_);
      expect_same(read, geometry, labels, profile_.rois);
      EXPECT_FALSE(read.segments.empty());
      EXPECT_EQ(read.series_uid, ct.series_uid);
      EXPECT_EQ(read.frame_of_reference_uid, ct.frame_of_reference_uid);
      EXPECT_THAT(read.notes, testing::IsEmpty());
    }
  }
}

TEST_F(SegmentationWriter, OnlyWhatIsThereIsWritten) {
  const CtGrid ct = make_ct(oblique({6, 4, 5}, 2));
  LabelMap labels(ct.geometry);
  labels[{2, 1, 3}] = kCyst;  // one voxel, which belongs to the liver too
  EXPECT_THAT(write_segmentation(file_, labels, ct, profile_),
              testing::ElementsAre("the structure 'GTV' has no voxels and was left out"));
  const Segmentation read = read_segmentation(file_);
  ASSERT_EQ(read.segments.size(), 2U);
  EXPECT_EQ(read.segments[0].label, "Liver");
  EXPECT_EQ(read.segments[0].type.value, "10200004");
  EXPECT_EQ(read.segments[1].label, "Cyst");
  EXPECT_EQ(read.segments[1].type.meaning, "Tissue");  // its style has no code
  EXPECT_EQ(read.frames.size(), 2U);
  expect_same(read, ct.geometry, labels, profile_.rois);
}

TEST_F(SegmentationWriter, NamesBeyondAscii) {
  const CtGrid ct = make_ct(oblique({6, 4, 2}, 2));
  LabelMap labels(ct.geometry, kTumour);
  profile_.rois = {kGtv};
  profile_.rois[0].name = "Läsion 肝";
  write_segmentation(file_, labels, ct, profile_);
  EXPECT_EQ(read_segmentation(file_).segments[0].label, "Läsion 肝");
}

TEST_F(SegmentationWriter, CtWithoutFrameOfReference) {
  CtGrid ct = make_ct(oblique({6, 4, 2}, 2));
  ct.frame_of_reference_uid.clear();
  profile_.rois = {kWholeLiver};
  EXPECT_THAT(write_segmentation(file_, LabelMap(ct.geometry, kLiver), ct, profile_),
              testing::ElementsAre(
                  testing::AllOf(HasSubstr("no frame of reference"), HasSubstr(frame_of_reference_for(ct)))));
  EXPECT_EQ(read_segmentation(file_).frame_of_reference_uid, frame_of_reference_for(ct));
  EXPECT_THAT(write_fractional_segmentation(file_, Volume<float>(ct.geometry, 1), kGtv, ct, profile_),
              testing::ElementsAre(HasSubstr("no frame of reference")));
}

TEST_F(SegmentationWriter, ProbabilitiesToHalfAStep) {
  const CtGrid ct = make_ct(oblique({9, 7, 3}, 2));
  Volume<float> probability(ct.geometry);
  std::mt19937 random(2);
  std::uniform_real_distribution<float> uniform(0, 1);
  for (std::size_t n = 0; n < 2 * 63; ++n) probability.voxels()[n] = uniform(random);
  probability[{0, 0, 0}] = 1;
  write_fractional_segmentation(file_, probability, kGtv, ct, profile_);
  const Segmentation read = read_segmentation(file_);
  EXPECT_EQ(read.maximum_value, 255);
  EXPECT_EQ(read.frames.size(), 2U);  // the third slice is 0
  const auto written = segment_probability(read, 1, ct.geometry);
  EXPECT_EQ((written[{0, 0, 0}]), 1);
  for (std::size_t n = 0; n < written.voxels().size(); ++n) {
    ASSERT_NEAR(written.voxels()[n], probability.voxels()[n], 1 / 510.0 + 1e-6);
  }
}

TEST_F(SegmentationWriter, WhatCanNotBeWritten) {
  CtGrid ct = make_ct(oblique({6, 4, 2}, 2));
  EXPECT_THAT(refusal(LabelMap(ct.geometry), ct), HasSubstr("nothing to write"));
  Geometry other = ct.geometry;
  other.spacing_mm.z = 3;
  EXPECT_THAT(refusal(LabelMap(other, kLiver), ct), HasSubstr("3.0000 mm against 2.0000"));
  ct.resampled = true;
  EXPECT_THAT(refusal(LabelMap(ct.geometry, kLiver), ct), HasSubstr("resampled"));
  ct.resampled = false;
  const std::string uid = ct.slices[0].sop_instance_uid;
  ct.slices[0].sop_instance_uid = ct.slices[1].sop_instance_uid;
  EXPECT_THAT(refusal(LabelMap(ct.geometry, kLiver), ct), HasSubstr("1 of the CT's 2 slices have the SOP"));
  ct.slices[0].sop_instance_uid = uid;
  Volume<float> probability(ct.geometry);
  EXPECT_THROW(write_fractional_segmentation(file_, probability, kGtv, ct, profile_), Error);  // all 0
  probability[{1, 1, 1}] = 1.5F;
  EXPECT_THROW(write_fractional_segmentation(file_, probability, kGtv, ct, profile_), Error);
  probability[{1, 1, 1}] = std::nanf("");
  EXPECT_THROW(write_fractional_segmentation(file_, probability, kGtv, ct, profile_), Error);
  fs::remove(ct.slices.front().file);
  EXPECT_THROW(write_segmentation(file_, LabelMap(ct.geometry, kLiver), ct, profile_), Error);
  EXPECT_FALSE(fs::exists(file_));
}

}  // namespace
}  // namespace hepar
