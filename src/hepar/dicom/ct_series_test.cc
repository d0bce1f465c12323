// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/ct_series.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "hepar/core/error.h"
#include "hepar/core/parallel.h"
#include "hepar/dicom/synthetic_series.h"

namespace hepar::dicom {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CtSeriesTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = fs::temp_directory_path() / ("hepar_dicom_" + std::to_string(::getpid()) + "_" + name);
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write_text(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
  CtSeries read(const std::vector<SyntheticSlice>& slices, const CtSeriesOptions& options = {}) const {
    write_slices(folder_, slices);
    return read_ct_series(folder_, options);
  }
  // The message of the error, which must have this code and hold nothing about the patient.
  std::string refusal(ErrorCode code, const CtSeriesOptions& options = {}) const {
    try {
      read_ct_series(folder_, options);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), AllOf(Not(HasSubstr("ecret")), Not(HasSubstr("\n"))));
      return error.what();
    }
    ADD_FAILURE() << "not refused";
    return "";
  }
  std::string refusal(ErrorCode code, const std::vector<SyntheticSlice>& slices) const {
    write_slices(folder_, slices);
    return refusal(code);
  }
  fs::path folder_;
};

std::vector<float> slice_of(const CtSeries& series, std::int64_t k) {
  const std::size_t area = kSyntheticColumns * kSyntheticRows;
  const auto voxels = series.voxels.voxels().subspan(static_cast<std::size_t>(k) * area, area);
  return {voxels.begin(), voxels.end()};
}

TEST_F(CtSeriesTest, EvenSlicesMakeAVolumeInHounsfieldUnits) {
  const CtSeries series = read(even_slices(3));
  // PixelSpacing "0.8\0.7" is row then column spacing, so i goes in steps of 0.7 mm and j of 0.8 mm.
  const Geometry expected{{6, 4, 3}, {0.7, 0.8, 5}, {-100, -120, 0}, Mat3::identity()};
  EXPECT_EQ(series.voxels.geometry(), expected);
  EXPECT_EQ(slice_of(series, 0)[0], -1024);       // stored 0, intercept -1024
  EXPECT_EQ(slice_of(series, 2)[7], 207 - 1024);  // stored 200 + 7 at (1, 1)
  EXPECT_THAT(series.grid.notes, IsEmpty());
  EXPECT_EQ(series.grid.series_uid, "1.2.3.111111");
  EXPECT_EQ(series.grid.study_uid, "1.2.3.5");
  EXPECT_EQ(series.grid.frame_of_reference_uid, "1.2.3.6");
  EXPECT_EQ(series.tube_voltage_kv, 120);
  ASSERT_EQ(series.grid.slices.size(), 3U);
  EXPECT_EQ(series.grid.slices[2].position_mm, (Vec3{-100, -120, 10}));
  EXPECT_EQ(series.grid.slices[2].sop_instance_uid, "1.2.3.9.200.12");
  EXPECT_EQ(series.grid.slices[2].file, folder_ / "2.dcm");
}

TEST_F(CtSeriesTest, NamesAndFoldersOfTheFilesDoNotMatter) {
  const auto slices = even_slices(3);
  fs::create_directories(folder_ / "a" / "b");
  write_slice(folder_ / "z", slices[0]);
  write_slice(folder_ / "a" / "b" / "image_2", slices[1]);
  write_slice(folder_ / "a" / "c.dcm", slices[2]);
  fs::create_directory_symlink(folder_, folder_ / "a" / "loop");
  EXPECT_EQ(slice_of(read_ct_series(folder_), 1)[0], 100 - 1024);
}

TEST_F(CtSeriesTest, OtherFilesAreCountedAndIgnored) {
  write_text("notes.txt", "text");
  write_text("empty", "");
  write_text("DICOMDIR.bak", std::string(500, '\0'));
  SyntheticSlice other;
  other.attributes = {{"Modality", "MR"}, {"SOPClassUID", "1.2.840.10008.5.1.4.1.1.4"}};
  write_slice(folder_ / "mr", other);
  SyntheticSlice scout;  // a series of its own that is no volume
  scout.series_uid = "1.2.3.77", scout.attributes = {{"ImageType", "ORIGINAL\\PRIMARY\\LOCALIZER"}};
  write_slice(folder_ / "scout", scout);
  SyntheticSlice report;
  report.attributes = {{"SOPClassUID", "1.2.840.10008.5.1.4.1.1.7"}};  // secondary capture
  write_slice(folder_ / "report", report);
  EXPECT_THAT(read(even_slices(2)).grid.notes,
              ElementsAre(AllOf(HasSubstr("3 files"), HasSubstr("3 DICOM files"))));
  const DicomFolder contents = find_ct_series(folder_);
  EXPECT_EQ(contents.not_dicom_count, 3);
  EXPECT_EQ(contents.other_count, 3);
}

TEST_F(CtSeriesTest, FoldersWithoutCt) {
  EXPECT_THAT(refusal(ErrorCode::kMissing), HasSubstr("holds no files"));
  write_text("a.txt", "text");
  EXPECT_THAT(refusal(ErrorCode::kMissing), HasSubstr("1 files are not DICOM"));
  EXPECT_THROW(read_ct_series(folder_ / "none"), Error);
  EXPECT_THROW(read_ct_series(folder_ / "a.txt"), Error);
}

TEST_F(CtSeriesTest, SeveralSeriesAreListedAndChosen) {
  write_slices(folder_, even_slices(2));
  fs::create_directory(folder_ / "other");
  auto others = even_slices(3);
  for (auto& slice : others) slice.series_uid = "1.2.3.222111";
  write_slices(folder_ / "other", others);
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput),
              AllOf(HasSubstr("2 CT series"), HasSubstr("--series"), HasSubstr("111111 (2 slices of 6 x 4)"),
                    HasSubstr("222111 (3 slices of 6 x 4)")));
  EXPECT_EQ(read_ct_series(folder_, {.series = "1.2.3.222111"}).voxels.size().k, 3);
  EXPECT_EQ(read_ct_series(folder_, {.series = "1111"}).voxels.size().k, 2);
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, {.series = "111"}), HasSubstr("2 of the CT series"));
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, {.series = "333"}), HasSubstr("0 of the CT series"));
  ASSERT_EQ(find_ct_series(folder_).ct_series.size(), 2U);
  EXPECT_EQ(find_ct_series(folder_).ct_series[1].slices, 3);
}

TEST_F(CtSeriesTest, ASeriesWithoutUidIsNotChosenByDefault) {
  write_slices(folder_, even_slices(2));
  fs::create_directory(folder_ / "other");
  auto others = even_slices(3);
  for (auto& slice : others) slice.series_uid = "";
  write_slices(folder_ / "other", others);
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput),
              AllOf(HasSubstr("2 CT series"), HasSubstr("one without UID (3 slices of 6 x 4)")));
}

TEST_F(CtSeriesTest, TwoPatientsInOneSeriesAreRefused) {
  auto slices = even_slices(3);
  slices[1].attributes["PatientID"] = "secret-other";
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, slices), HasSubstr("more than one patient"));
}

TEST_F(CtSeriesTest, StraySliceIsLeftOutAndSaidSo) {
  auto slices = even_slices(4);
  slices[0].attributes["ImageOrientationPatient"] = "0\\1\\0\\0\\0\\-1";
  const CtSeries series = read(slices);
  EXPECT_EQ(series.voxels.size().k, 3);
  EXPECT_THAT(series.grid.notes, ElementsAre(HasSubstr("1 sagittal slice")));
}

TEST_F(CtSeriesTest, MissingAndUnevenSlicesNameTheOption) {
  auto slices = even_slices(5);
  slices[3].z_mm = 20, slices[4].z_mm = 25;
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, slices),
              AllOf(HasSubstr("1 slice is missing"), HasSubstr("--resample-irregular")));
  slices[3].z_mm = 13, slices[4].z_mm = 18;
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, slices),
              AllOf(HasSubstr("between 3 mm and 5 mm"), HasSubstr("--resample-irregular")));
}

TEST_F(CtSeriesTest, ResamplesLinearlyOnRequest) {
  // Slices at 0, 5, 10, 20, 25 mm with first pixels 0, 100, 200, 300, 400: at 15 mm lies 250.
  auto slices = even_slices(5);
  slices[3].z_mm = 20, slices[4].z_mm = 25;
  const CtSeries series = read(slices, {.resample_irregular = true});
  ASSERT_EQ(series.voxels.size().k, 6);
  std::vector<float> first;
  for (std::int64_t k = 0; k < 6; ++k) first.push_back(slice_of(series, k)[0] + 1024);
  EXPECT_THAT(first, ElementsAre(0, 100, 200, 250, 300, 400));
  EXPECT_TRUE(series.grid.resampled);
  EXPECT_EQ(series.grid.slices.size(), 5U);
  EXPECT_THAT(series.grid.notes, ElementsAre(HasSubstr("interpolated linearly")));
}

TEST_F(CtSeriesTest, ResampledVolumeMayEndBeforeTheLastSlice) {
  // Steps 5, 5, 3 mm: at 0, 5, 10 mm are slices, 15 mm is beyond the last at 13 mm.
  auto slices = even_slices(4);
  slices[3].z_mm = 13;
  const CtSeries series = read(slices, {.resample_irregular = true});
  ASSERT_EQ(series.voxels.size().k, 3);
  EXPECT_EQ(slice_of(series, 2)[0], 200 - 1024);
}

TEST_F(CtSeriesTest, GantryTiltIsRefusedWithItsAngle) {
  auto slices = even_slices(3);
  for (auto& slice : slices) {
    const double y_mm = -120 + slice.z_mm * std::tan(10 * M_PI / 180);
    slice.attributes["ImagePositionPatient"] =
        "-100\\" + std::to_string(y_mm) + "\\" + std::to_string(slice.z_mm);
  }
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, slices), HasSubstr("10.0 degrees"));
}

TEST_F(CtSeriesTest, DuplicatesWithTheSamePixelsAreUsedOnce) {
  auto slices = even_slices(3);
  slices.push_back(slices[1]);
  const CtSeries series = read(slices);
  EXPECT_EQ(series.voxels.size().k, 3);
  EXPECT_THAT(series.grid.notes, ElementsAre(AllOf(HasSubstr("found twice"), HasSubstr(": 1."))));
  slices[3].first_pixel = 101;
  EXPECT_THAT(refusal(ErrorCode::kInvalidInput, slices), HasSubstr("show something else"));
}

TEST_F(CtSeriesTest, EveryCompressionThatIsDecoded) {
  for (const char* syntax :
       {"explicit", "implicit", "big-endian", "deflated", "rle", "jpeg", "jpeg-ls", "jpeg-2000"}) {
    auto slices = even_slices(2);
    for (auto& slice : slices) slice.syntax = syntax;
    EXPECT_EQ(slice_of(read(slices), 1)[23], 123 - 1024) << syntax;
  }
}

TEST_F(CtSeriesTest, OtherCompressionIsRefusedByName) {
  auto slices = even_slices(2);
  for (auto& slice : slices) slice.syntax = "mpeg2";
  EXPECT_THAT(refusal(ErrorCode::kUnsupported, slices), HasSubstr("MPEG2"));
}

// DCMTK takes what it doesn't know for uncompressed.
TEST_F(CtSeriesTest, CompressionNewerThanDcmtkIsRefusedByName) {
  auto slices = even_slices(2);
  for (auto& slice : slices) slice.syntax = "jpeg-2000";
  write_slices(folder_, slices);
  const std::string known = "1.2.840.10008.1.2.4.90", unknown("1.2.840.10008.1.2.8.1\0", known.size());
  for (const char* name : {"0.dcm", "1.dcm"}) {
    std::ifstream stream(folder_ / name, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(stream)), {});
    ASSERT_NE(bytes.find(known), std::string::npos);
    write_text(name, bytes.replace(bytes.find(known), known.size(), unknown));
  }
  EXPECT_THAT(refusal(ErrorCode::kUnsupported), HasSubstr("compressed as deflated frames"));
}

TEST_F(CtSeriesTest, SlopeAndInterceptOfEachSlice) {
  auto slices = even_slices(2);
  slices[0].attributes = {{"RescaleSlope", "02.000000E+00"}, {"RescaleIntercept", "-01.024000E+03"}};
  slices[1].attributes = {{"RescaleSlope", "0.5"}, {"RescaleIntercept", " +10 "}};
  const CtSeries series = read(slices);
  EXPECT_EQ(slice_of(series, 0)[3], 2 * 3 - 1024);
  EXPECT_EQ(slice_of(series, 1)[4], 0.5F * 104 + 10);
}

TEST_F(CtSeriesTest, MissingRescaleIsNoted) {
  auto slices = even_slices(2);
  for (auto& slice : slices) slice.attributes = {{"RescaleSlope", ""}, {"RescaleIntercept", ""}};
  const CtSeries series = read(slices);
  EXPECT_EQ(slice_of(series, 1)[0], 100);
  EXPECT_THAT(series.grid.notes, ElementsAre(HasSubstr("no rescale slope")));
}

TEST_F(CtSeriesTest, SignedPixelsOfTwelveBits) {
  // 0x0FFF in 12 stored bits is -1; 0x1801 has an overlay bit above them, and 0x801 is -2047.
  auto slices = even_slices(2);
  slices[0].pixels.assign(24, 0x0FFF), slices[0].pixels[1] = 0x1801;
  for (auto& slice : slices) {
    slice.attributes = {
        {"BitsStored", "12"}, {"HighBit", "11"}, {"PixelRepresentation", "1"}, {"RescaleIntercept", "1500"}};
  }
  const CtSeries series = read(slices);
  EXPECT_EQ(slice_of(series, 0)[0], 1499);
  EXPECT_EQ(slice_of(series, 0)[1], -547);
}

TEST_F(CtSeriesTest, PaddingBecomesAirAndIsCounted) {
  // Stored -2000 with intercept -1024 is -3024 HU, as GE scanners write outside the field of view.
  auto slices = even_slices(2);
  for (auto& slice : slices) {
    slice.attributes = {{"PixelRepresentation", "1"}, {"PixelPaddingValue", "-2000"}};
    slice.pixels.assign(24, 1064);
    slice.pixels[0] = static_cast<std::uint16_t>(-2000);
  }
  const CtSeries series = read(slices);
  EXPECT_EQ(slice_of(series, 0)[0], -1024);
  EXPECT_EQ(slice_of(series, 0)[1], 40);
  EXPECT_THAT(series.grid.notes, ElementsAre(HasSubstr("2 voxels of padding")));
}

TEST_F(CtSeriesTest, PaddingValueWithinTissueIsNotBelieved) {
  // 4095 - 0 = 4095 HU is above all tissue and becomes air; 1064 - 1024 = 40 HU is liver and stays.
  auto slices = even_slices(2);
  for (auto& slice : slices) {
    slice.attributes = {{"PixelPaddingValue", "4095"}, {"RescaleIntercept", "0"}};
    slice.pixels.assign(24, 4095);
  }
  EXPECT_EQ(slice_of(read(slices), 0)[0], -1024);
  for (auto& slice : slices) {
    slice.attributes = {{"PixelPaddingValue", "1064"}};
    slice.pixels.assign(24, 1064);
  }
  EXPECT_EQ(slice_of(read(slices), 0)[0], 40);
}

TEST_F(CtSeriesTest, NumbersOfAnotherValueRepresentationAreRead) {
  auto slices = even_slices(2);
  for (auto& slice : slices) slice.numbers_as_text = true;
  const CtSeries series = read(slices);
  EXPECT_EQ(series.voxels.geometry().spacing_mm, (Vec3{0.7, 0.8, 5}));
  EXPECT_EQ(slice_of(series, 1)[0], 100 - 1024);
}

TEST_F(CtSeriesTest, AttributesThatMayBeMissing) {
  auto slices = even_slices(2);
  for (auto& slice : slices) slice.attributes = {{"FrameOfReferenceUID", ""}, {"KVP", ""}};
  const CtSeries series = read(slices);
  EXPECT_EQ(series.grid.frame_of_reference_uid, "");
  EXPECT_EQ(series.tube_voltage_kv, std::nullopt);
}

TEST_F(CtSeriesTest, SlicesWithoutAPlaceAreRefused) {
  for (const char* name : {"ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"}) {
    for (const char* value : {"", "1\\x\\2", "1", "nan\\0\\0\\0\\0\\0"}) {
      auto slices = even_slices(3);
      slices[1].attributes = {{name, value}};
      EXPECT_THAT(refusal(ErrorCode::kCorrupt, slices),
                  AllOf(HasSubstr("1.dcm"), HasSubstr("where its slice lies")));
    }
  }
}

TEST_F(CtSeriesTest, DamagedFilesAreNamed) {
  write_slices(folder_, even_slices(3));
  const auto size = fs::file_size(folder_ / "1.dcm");
  for (const std::uintmax_t missing : {std::uintmax_t{1}, std::uintmax_t{20}, size - 400, size - 200}) {
    write_slices(folder_, even_slices(3));
    fs::resize_file(folder_ / "1.dcm", size - missing);
    EXPECT_THAT(refusal(ErrorCode::kCorrupt), HasSubstr("1.dcm")) << missing;
  }
}

TEST_F(CtSeriesTest, PixelsThatAreNotThereOrTooFew) {
  auto slices = even_slices(3);
  slices[1].without_pixels = true;
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, slices), HasSubstr("1.dcm"));
  slices[1].without_pixels = false;
  slices[1].pixels.assign(22, 0);
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, slices), HasSubstr("22 of 24 pixels"));
}

TEST_F(CtSeriesTest, PixelFormatsThatAreNoCt) {
  const std::pair<const char*, const char*> changes[] = {{"NumberOfFrames", "3"},
                                                         {"SOPClassUID", "1.2.840.10008.5.1.4.1.1.2.1"},
                                                         {"PhotometricInterpretation", "MONOCHROME1"},
                                                         {"SamplesPerPixel", "3"},
                                                         {"BitsAllocated", "32"}};
  for (const auto& [name, value] : changes) {
    auto slices = even_slices(2);
    for (auto& slice : slices) slice.attributes = {{name, value}};
    EXPECT_THAT(refusal(ErrorCode::kUnsupported, slices), HasSubstr("0.dcm")) << name;
  }
  auto slices = even_slices(2);
  slices[1].attributes = {{"HighBit", "3"}};
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, slices), HasSubstr("high bit 3"));
  for (auto& slice : slices) slice.attributes = {{"Rows", "60000"}, {"Columns", "60000"}};
  EXPECT_THAT(refusal(ErrorCode::kCorrupt, slices), HasSubstr("60000 x 60000"));
}

TEST_F(CtSeriesTest, SameVoxelsForAnyNumberOfThreads) {
  auto slices = even_slices(9);
  slices[8].z_mm = 50;
  const int before = thread_count();
  set_thread_count(1);
  const CtSeries one = read(slices, {.resample_irregular = true});
  set_thread_count(2);
  const CtSeries two = read_ct_series(folder_, {.resample_irregular = true});
  set_thread_count(before);
  EXPECT_TRUE(
      std::equal(one.voxels.voxels().begin(), one.voxels.voxels().end(), two.voxels.voxels().begin()));
}

TEST_F(CtSeriesTest, PrintsNothing) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  write_slices(folder_, even_slices(3));
  fs::resize_file(folder_ / "1.dcm", 500);
  refusal(ErrorCode::kCorrupt);
  EXPECT_EQ(testing::internal::GetCapturedStderr() + testing::internal::GetCapturedStdout(), "");
}

}  // namespace
}  // namespace hepar::dicom
