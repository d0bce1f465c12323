// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/fingerprint.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <string>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ValueCounts, GiveTheStatisticsOfTheirValues) {
  ValueCounts values;
  values.add({{4, 1}, {2, 1}});
  values.add({{2, 1}, {1, 1}});
  const IntensityStatistics statistics = values.statistics();  // of 1, 2, 2, 4
  EXPECT_EQ(statistics.min, 1);
  EXPECT_EQ(statistics.max, 4);
  EXPECT_EQ(statistics.mean, 2.25);
  EXPECT_EQ(statistics.median, 2);
  // Squares of -1.25, -0.25, -0.25 and 1.75 are 4.75 in all.
  EXPECT_DOUBLE_EQ(statistics.std, std::sqrt(4.75 / 4));
  EXPECT_DOUBLE_EQ(statistics.percentile_00_5, 1.015);  // 0.005 * 3 of the way from 1 to 2
  EXPECT_DOUBLE_EQ(statistics.percentile_99_5, 3.97);   // 2.985: 0.985 of the way from 2 to 4
}

TEST(ValueCounts, CountAValueOnce) {
  ValueCounts values;
  values.add({{7, 3}, {7, 2}});
  values.add({});
  EXPECT_EQ(values.statistics(), (IntensityStatistics{7, 7, 7, 7, 7, 7, 0}));
  EXPECT_TRUE(ValueCounts().empty());
}

// 4 x 3 x 2 voxels at 1, 2 and 3 mm that are 0 but for the two at i = 1 and 2, j = 1 and k = 0.
CtVolume small_image(float first, float second) {
  CtVolume image({.size = {4, 3, 2}, .spacing_mm = {1, 2, 3}});
  image[{1, 1, 0}] = first;
  image[{2, 1, 0}] = second;
  return image;
}

TEST(FingerprintBuilder, DescribesTheNonZeroBox) {
  FingerprintBuilder builder(100000, 2);
  const std::vector<CtVolume> channels{small_image(100, 0), small_image(0, -5)};
  LabelMap labels(channels[0].geometry(), 1);  // outside the box they do not count
  builder.add(channels, labels);
  const Fingerprint fingerprint = builder.finish();
  EXPECT_THAT(fingerprint.spacings_mm, ElementsAre(std::array<double, 3>{3, 2, 1}));
  EXPECT_THAT(fingerprint.shapes_after_crop, ElementsAre(Kernel3{1, 1, 2}));
  EXPECT_DOUBLE_EQ(fingerprint.median_relative_size_after_cropping, 2.0 / 24);
  ASSERT_EQ(fingerprint.intensities.size(), 2U);
  EXPECT_EQ(fingerprint.intensities[0].max, 100);
  EXPECT_EQ(fingerprint.intensities[0].min, 0);
  EXPECT_EQ(fingerprint.intensities[1].max, 0);
  EXPECT_EQ(fingerprint.intensities[1].min, -5);
}

TEST(FingerprintBuilder, TakesAnEmptyImageWhole) {
  FingerprintBuilder builder(2, 1);
  const std::vector<CtVolume> empty{CtVolume({.size = {4, 3, 2}})}, image{small_image(1, 3)};
  builder.add(empty, LabelMap(empty[0].geometry()));
  EXPECT_THROW(builder.finish(), Error);  // nothing is labelled
  LabelMap labels(image[0].geometry());
  labels[{2, 1, 0}] = 4;
  builder.add(image, labels);
  const Fingerprint fingerprint = builder.finish();
  EXPECT_THAT(fingerprint.shapes_after_crop, ElementsAre(Kernel3{2, 3, 4}, Kernel3{1, 1, 2}));
  EXPECT_DOUBLE_EQ(fingerprint.median_relative_size_after_cropping, (1 + 2.0 / 24) / 2);
  EXPECT_EQ(fingerprint.intensities[0].mean, 3);
}

TEST(FingerprintBuilder, RefusesAChannelOnAnotherGrid) {
  FingerprintBuilder builder(1, 1);
  const std::vector<CtVolume> channels{small_image(1, 2)};
  EXPECT_THROW(builder.add(channels, LabelMap({.size = {4, 3, 3}})), Error);
}

class FingerprintFile : public testing::Test {
 protected:
  FingerprintFile() { make_folder(folder_); }
  ~FingerprintFile() override { fs::remove_all(folder_); }
  std::string fault(const std::string& from, const std::string& to) const {
    std::string text = kGood;
    text.replace(text.find(from), from.size(), to);
    write_text_file(file_, text);
    try {
      read_fingerprint(file_);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }
  static constexpr const char* kGood =
      R"({"spacings": [[5, 1.5, 1.5]], "shapes_after_crop": [[60, 512, 500]],
          "foreground_intensity_properties_per_channel": {"0": {"mean": 99.5, "median": 101, "std": 37.25,
          "min": -983, "max": 1300, "percentile_99_5": 197, "percentile_00_5": -15}},
          "median_relative_size_after_cropping": 1.0})";
  const fs::path folder_ = fs::temp_directory_path() / ("hepar_fingerprint_" + std::to_string(::getpid()));
  const fs::path file_ = folder_ / "dataset_fingerprint.json";
};

TEST_F(FingerprintFile, IsReadInAnyOrderOfKeys) {
  write_text_file(file_, kGood);
  const Fingerprint fingerprint = read_fingerprint(file_);
  EXPECT_THAT(fingerprint.spacings_mm, ElementsAre(std::array<double, 3>{5, 1.5, 1.5}));
  EXPECT_THAT(fingerprint.shapes_after_crop, ElementsAre(Kernel3{60, 512, 500}));
  EXPECT_THAT(fingerprint.intensities,
              ElementsAre(IntensityStatistics{1300, 99.5, 101, -983, -15, 197, 37.25}));
  EXPECT_EQ(fingerprint.median_relative_size_after_cropping, 1);
}

// The two that nnU-Net wrote when the fixtures' models were trained.
TEST_F(FingerprintFile, IsWrittenAsNnunetWritesIt) {
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(HEPAR_GOLDEN "/nnunet")) {
    const fs::path& theirs = entry.path();
    if (theirs.filename() != "dataset_fingerprint.json" ||
        theirs.string().find("/model/") == std::string::npos)
      continue;
    write_fingerprint(file_, read_fingerprint(theirs));
    EXPECT_EQ(read_text_file(file_), read_text_file(theirs)) << theirs;
    ++files;
  }
  EXPECT_EQ(files, 2);
}

TEST_F(FingerprintFile, NamesFileAndKeyOfAFault) {
  EXPECT_THAT(fault("[[5,", "[[0,"), HasSubstr("dataset_fingerprint.json: 'spacings[0][0]' is 0"));
  EXPECT_THAT(fault("[[5, 1.5, 1.5]]", "[[5, 1.5]]"), HasSubstr("'spacings[0]' has 2 values, not 3"));
  EXPECT_THAT(fault("[[5, 1.5, 1.5]]", "[]"), HasSubstr("'shapes_after_crop' has 1 cases, 'spacings' 0"));
  EXPECT_THAT(fault("[[60, 512, 500]]", "[]"), HasSubstr("'shapes_after_crop' names no case"));
  EXPECT_THAT(fault("512", "512.5"), HasSubstr("'shapes_after_crop[0][1]' is 512.5, not a whole number"));
  EXPECT_THAT(fault("\"std\"", "\"sd\""),
              HasSubstr("'foreground_intensity_properties_per_channel.0.std' is missing"));
  EXPECT_THAT(fault("\"0\"", "\"1\""), HasSubstr("properties_per_channel.0' is missing"));
  EXPECT_THAT(fault("1.0}", "\"all\"}"), HasSubstr("'median_relative_size_after_cropping' is not a number"));
  EXPECT_THAT(fault("{\"spacings\"", "\"spacings\""), HasSubstr("is not JSON"));
  EXPECT_THROW(read_fingerprint(folder_ / "none.json"), Error);
}

}  // namespace
}  // namespace hepar
