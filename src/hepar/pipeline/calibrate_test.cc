// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/calibrate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/lesion/lesion_table.h"
#include "hepar/lesion/site_json.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

constexpr const char* kHeader =
    "case,region,volume_ml,mean_hu,std_hu,interior_mean_hu,contrast_hu,probability_cyst,verdict,guards,"
    "truth\n";

std::string row(int region, double probability, const std::string& truth, const std::string& guards = "") {
  return fmt::format("a,{},1.5,20,15,19,90,{},doubtful,{},{}\n", region, probability, guards, truth);
}

std::string refusal(const std::string& text) {
  try {
    read_region_table(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    return error.what();
  }
  return "no error";
}

TEST(ReadRegionTable, TakesTheTableThatTheFilterWrites) {
  EXPECT_EQ(regions_csv({}, "a"), kHeader);
  LesionFilterResult result;
  result.regions.resize(2);
  result.regions[0].id = 1, result.regions[1].id = 2;
  result.regions[0].probability_cyst = 0.96875, result.regions[1].probability_cyst = 0.25;
  result.regions[1].flags = {LesionFlag::kSmall, LesionFlag::kRim};
  // The truth is each row's last cell, which a person fills in.
  std::string text = regions_csv(result, "case, \"1\"");
  text.insert(text.size() - 1, "tumour");
  text.insert(text.find('\n', text.find('\n') + 1), "cyst");
  const RegionTable table = read_region_table(text);
  ASSERT_EQ(table.regions.size(), 2U);
  EXPECT_EQ(table.regions[0].probability_cyst, 0.96875);
  EXPECT_TRUE(table.regions[0].is_cyst);
  EXPECT_FALSE(table.regions[0].guarded);
  EXPECT_FALSE(table.regions[1].is_cyst);
  EXPECT_TRUE(table.regions[1].guarded);
}

TEST(ReadRegionTable, TakesLabelledRowsAndCountsTheOthers) {
  const RegionTable table =
      read_region_table(kHeader + row(1, 0.97, "cyst") + row(2, 0.4, "tumour", "small|rim") +
                        row(3, 0.5, "") + "b,1,,,,,,not read,,,\n");
  ASSERT_EQ(table.regions.size(), 2U);
  EXPECT_EQ(table.regions[0].probability_cyst, 0.97);
  EXPECT_TRUE(table.regions[0].is_cyst);
  EXPECT_FALSE(table.regions[0].guarded);
  EXPECT_EQ(table.regions[1].probability_cyst, 0.4);
  EXPECT_FALSE(table.regions[1].is_cyst);
  EXPECT_TRUE(table.regions[1].guarded);
  ASSERT_EQ(table.notes.size(), 1U);
  EXPECT_EQ(table.notes[0], "regions without a truth, left out: 2");
}

TEST(ReadRegionTable, TakesFilesPutTogetherWithOtherColumns) {
  const RegionTable table =
      read_region_table("truth,probability_cyst\r\ncyst, 1 \r\n" + std::string(kHeader) +
                        row(1, 0, "tumour") + "doctor,probability_cyst,truth\nX,1e-1,\"cyst\"\n");
  ASSERT_EQ(table.regions.size(), 3U);
  EXPECT_EQ(table.regions[0].probability_cyst, 1);
  EXPECT_EQ(table.regions[1].probability_cyst, 0);
  EXPECT_EQ(table.regions[2].probability_cyst, 0.1);
  EXPECT_TRUE(table.regions[2].is_cyst);
  EXPECT_TRUE(table.notes.empty());
}

TEST(ReadRegionTable, RefusesTheSemicolonsOfASpreadsheet) {
  EXPECT_NE(refusal("case;probability_cyst;truth\na;0,97;cyst\n").find("separated by ';'"),
            std::string::npos);
}

TEST(ReadRegionTable, RefusesATableWithoutItsColumns) {
  EXPECT_EQ(refusal(""), "the table is empty");
  EXPECT_NE(refusal("case,truth\na,cyst\n").find("columns probability_cyst and truth"), std::string::npos);
}

TEST(ReadRegionTable, NamesTheLineOfAFault) {
  const std::string start = std::string(kHeader) + row(1, 0.5, "cyst");
  EXPECT_EQ(refusal(start + row(2, 0.5, "tumor")),
            "line 3: the truth is 'tumor'; write cyst or tumour, or leave it empty");
  EXPECT_EQ(refusal(start + row(2, 1.01, "cyst")),
            "line 3: probability_cyst is '1.01', not a number from 0 to 1");
  for (const char* number : {"nan", "", "\"0,5\"", "0.5x", "inf", "-0.1"}) {
    const std::string text = refusal(fmt::format("probability_cyst,truth\n{},cyst\n", number));
    EXPECT_NE(text.find("line 2: probability_cyst is '"), std::string::npos) << text;
  }
  EXPECT_EQ(refusal(start + "a,2,0.5,cyst\n"), "line 3: 4 fields, and the header has 11");
}

TEST(ReadRegionTable, CountsNoRegionTwice) {
  const std::string file = kHeader + row(1, 0.5, "cyst") + row(2, 0.5, "cyst");
  EXPECT_EQ(refusal(file + file).find("line 5: case and region are those of line 2"), 0U);
}

class CalibrateSite : public testing::Test {
 protected:
  void SetUp() override { make_folder(folder_); }
  void TearDown() override { fs::remove_all(folder_); }
  const fs::path folder_ = fs::path(testing::TempDir()) / ("calibrate_site_" + std::to_string(::getpid()));
  const fs::path table_ = folder_ / "regions.csv", site_ = folder_ / "site.json";

  void write_table(int tumours) const {
    std::string text = kHeader;
    for (int n = 0; n < tumours; ++n) text += row(n, 0.2, "tumour");
    for (int n = 0; n < 20; ++n) text += row(1000 + n, 0.9, "cyst");
    write_text_file(table_, text);
  }
};

TEST_F(CalibrateSite, WritesWhatItReports) {
  write_table(149);
  const SiteCalibration site = calibrate_site(table_, site_);
  EXPECT_DOUBLE_EQ(site.calibration.thresholds.cyst_probability, 0.55);
  EXPECT_DOUBLE_EQ(read_site_json(read_text_file(site_)).cyst_probability, 0.55);
  const std::string text = calibration_text(site.calibration);
  // 1 - 0.05^(1/149) = 1.99 %; 20 of 20: 0.025^(1/20) = 83.2 %.
  EXPECT_NE(text.find("tumours dropped: 0 of 149, at most 1.99 %"), std::string::npos) << text;
  EXPECT_NE(text.find("cysts removed: 20 of 20, 100.0 % (95 % interval 83.2 to 100.0 %)"), std::string::npos)
      << text;
}

TEST_F(CalibrateSite, LeavesTheOldFileWhenTheSampleIsTooSmall) {
  write_table(148);
  write_text_file(site_, "old");
  try {
    calibrate_site(table_, site_);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("at least 149 tumours are needed"), std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what()).find("regions.csv"), std::string::npos) << error.what();
  }
  EXPECT_EQ(read_text_file(site_), "old");
}

TEST_F(CalibrateSite, NamesTheFileThatCannotBeWritten) {
  write_table(149);
  try {
    calibrate_site(table_, folder_ / "none" / "site.json");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMissing);
    EXPECT_EQ(std::string(error.what()).find("regions.csv"), std::string::npos) << error.what();
  }
}

TEST_F(CalibrateSite, NamesAFileThatIsNotThere) {
  try {
    calibrate_site(folder_ / "none.csv", site_);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMissing);
  }
  EXPECT_FALSE(fs::exists(site_));
}

}  // namespace
}  // namespace hepar
