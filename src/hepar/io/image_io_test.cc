// SPDX-License-Identifier: Apache-2.0
#include "hepar/io/image_io.h"

#include <gmock/gmock.h>

#include <cmath>

#include "hepar/io/test_scratch_folder.h"

namespace hepar::io {
namespace {
using testing::HasSubstr;

// 30 degrees about z, then k turned backwards: oblique and left-handed.
Geometry oblique() {
  const double c = std::sqrt(0.75), s = 0.5;
  return {
      {5, 4, 3}, {0.7, 0.8, 2.5}, {-100.25, 50.5, -1200.125}, Mat3{{{{c, -s, 0}, {s, c, 0}, {0, 0, -1}}}}};
}

LabelMap some_labels(const Geometry& geometry) {
  LabelMap labels(geometry);
  for (std::size_t n = 0; n < labels.voxels().size(); ++n)
    labels.voxels()[n] = static_cast<std::uint8_t>(n * 37 % 251);
  return labels;
}

CtVolume some_ct(const Geometry& geometry, float step_hu) {
  CtVolume ct(geometry);
  for (std::size_t n = 0; n < ct.voxels().size(); ++n)
    ct.voxels()[n] = -1024 + step_hu * static_cast<float>(n);
  return ct;
}

template <class T>
bool same_voxels(const Volume<T>& a, const Volume<T>& b) {
  return std::equal(a.voxels().begin(), a.voxels().end(), b.voxels().begin(), b.voxels().end());
}

class WrittenNifti : public ScratchFolder, public testing::WithParamInterface<const char*> {
 protected:
  std::filesystem::path file() const { return folder_ / (std::string("x") + GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Suffix, WrittenNifti, testing::Values(".nii", ".nii.gz", ".NII.GZ"),
                         [](const auto& instance) { return std::to_string(instance.index); });

TEST_P(WrittenNifti, LabelsComeBackOnTheirGrid) {
  const LabelMap labels = some_labels(oblique());
  write_labels(file(), labels);
  const LabelImage back = read_labels(file());
  EXPECT_TRUE(same_voxels(back.voxels, labels));
  EXPECT_EQ(grid_difference(back.voxels.geometry(), oblique(), 1e-3), std::nullopt);
  EXPECT_THAT(back.notes, testing::IsEmpty());
  EXPECT_EQ(entries(), 1);
}

TEST_P(WrittenNifti, CtComesBackExactly) {
  for (const float step_hu : {1.F, 0.37F}) {  // whole numbers go as int16, others as float32
    const CtVolume ct = some_ct(oblique(), step_hu);
    write_ct(file(), ct);
    const CtImage back = read_ct(file());
    EXPECT_TRUE(same_voxels(back.voxels, ct)) << step_hu;
    EXPECT_EQ(grid_difference(back.voxels.geometry(), oblique(), 1e-3), std::nullopt);
  }
}

TEST_P(WrittenNifti, SameVoxelsSameBytes) {
  const std::string name = file().filename().string();
  write_labels(file(), some_labels(oblique()));
  const std::string first = bytes_of(name);
  write_labels(file(), some_labels(oblique()));
  EXPECT_EQ(bytes_of(name), first);
}

TEST_P(WrittenNifti, FullDiskLeavesNothing) {
  Geometry geometry = oblique();
  geometry.size = {64, 64,
                   16};  // 64 kB; numbers without pattern, so that they don't compress below the limit
  LabelMap labels(geometry);
  std::uint32_t state = 1;
  for (auto& label : labels.voxels())
    label = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  testing::internal::CaptureStderr();
  for (const rlim_t limit : {1000, 30000, 60000}) {
    const FileSizeLimit full(limit);
    EXPECT_THAT(error_of(ErrorCode::kExhausted, [&] { write_labels(file(), labels); }),
                HasSubstr("free some space"));
    EXPECT_EQ(entries(), 0);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_P(WrittenNifti, FailedWriteKeepsTheFormerFile) {
  const LabelMap labels = some_labels(oblique());
  write_labels(file(), labels);
  {
    const FileSizeLimit full(20);
    error_of(ErrorCode::kExhausted, [&] { write_labels(file(), labels); });
  }
  EXPECT_TRUE(same_voxels(read_labels(file()).voxels, labels));
  EXPECT_EQ(entries(), 1);
}

TEST_P(WrittenNifti, TruncationIsNoticed) {
  testing::internal::CaptureStderr();
  write_labels(file(), some_labels(oblique()));
  const std::string name = file().filename().string(), whole = bytes_of(name);
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    const auto path = write(name, std::string_view(whole).substr(0, size));
    error_of(ErrorCode::kCorrupt, [&] { read_ct(path); });
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_P(WrittenNifti, TextIsRefusedQuietly) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  const auto path = write(file().filename().string(), "The patient came in on Monday.\n");
  error_of(ErrorCode::kCorrupt, [&] { read_ct(path); });
  EXPECT_EQ(testing::internal::GetCapturedStderr() + testing::internal::GetCapturedStdout(), "");
}

class ImageIo : public ScratchFolder {};

TEST_F(ImageIo, LabelsFrom255OnTakeTwoBytes) {
  // Bytes 70 and 72 of the header: datatype (2 uint8, 512 uint16) and bits per voxel; nifti1.h.
  Geometry geometry;
  geometry.size = {3, 1, 1};
  WideLabelMap labels(geometry);
  for (const auto& [greatest, type] : {std::pair{254, 2}, std::pair{255, 512}, std::pair{60000, 512}}) {
    labels.voxels()[1] = static_cast<std::uint16_t>(greatest);
    write_labels(folder_ / "wide.nii", labels);
    const std::string bytes = bytes_of("wide.nii");
    EXPECT_EQ(static_cast<unsigned char>(bytes[70]) + 256 * static_cast<unsigned char>(bytes[71]), type);
    const CtImage back = read_ct(folder_ / "wide.nii");
    EXPECT_THAT(back.voxels.voxels(), testing::ElementsAre(0, greatest, 0));
  }
}

TEST_F(ImageIo, WholeNumbersAreStoredAsInt16) {
  // NIfTI data type, a short at byte 70: 4 is int16, 16 is float32.
  write_ct(folder_ / "whole.nii", some_ct(oblique(), 1));
  EXPECT_EQ(bytes_of("whole.nii")[70], 4);
  write_ct(folder_ / "broken.nii", some_ct(oblique(), 0.5F));
  EXPECT_EQ(bytes_of("broken.nii")[70], 16);
  CtVolume large = some_ct(oblique(), 1);
  large.voxels()[0] = 32768;
  write_ct(folder_ / "large.nii", large);
  EXPECT_EQ(bytes_of("large.nii")[70], 16);
}

TEST_F(ImageIo, PathsThatAreNoImage) {
  error_of(ErrorCode::kMissing, [&] { read_ct(folder_ / "none.nii.gz"); });
  std::filesystem::create_directory(folder_ / "folder.nii.gz");
  EXPECT_THAT(error_of(ErrorCode::kInvalidInput, [&] { read_ct(folder_ / "folder.nii.gz"); }),
              HasSubstr("folder"));
  const auto text = write("a.txt", "x");
  EXPECT_THAT(error_of(ErrorCode::kUnsupported, [&] { read_ct(text); }), HasSubstr(".nii.gz"));
  const auto empty = write("a.nii", "");
  EXPECT_THAT(error_of(ErrorCode::kCorrupt, [&] { read_ct(empty); }), HasSubstr("empty"));
}

TEST_F(ImageIo, WritingWhereItCannotBe) {
  const LabelMap labels = some_labels(oblique());
  error_of(ErrorCode::kMissing, [&] { write_labels(folder_ / "none" / "a.nii.gz", labels); });
  error_of(ErrorCode::kUnsupported, [&] { write_labels(folder_ / "a.nrrd", labels); });
  EXPECT_EQ(entries(), 0);
}

TEST_F(ImageIo, KnowsItsFileNames) {
  EXPECT_TRUE(is_image_file_name("a/b.nii.gz"));
  EXPECT_TRUE(is_image_file_name("b.MHA"));
  EXPECT_FALSE(is_image_file_name("b.dcm"));
  EXPECT_FALSE(is_image_file_name("nii"));
}

}  // namespace
}  // namespace hepar::io
