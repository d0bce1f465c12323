// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/insertion_case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/random.h"
#include "hepar/io/image_io.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;

// A folder of the test's own with a noisy CT and its label map: a liver of 110 HU, 64 x 64 x 50 mm (205 mL),
// without air.
class InsertCase : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("insert_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    Geometry geometry;
    geometry.size = {72, 72, 20};
    geometry.spacing_mm = {1, 1, 2.5};
    CtVolume ct(geometry, 40);
    LabelMap labels(geometry);
    Random random(2);
    for (Int3 at; at.k < 20; ++at.k)
      for (at.j = 0; at.j < 72; ++at.j)
        for (at.i = 0; at.i < 72; ++at.i) {
          const bool liver = at.i >= 4 && at.i < 68 && at.j >= 4 && at.j < 68;
          if (liver) labels[at] = kLiver;
          ct[at] = static_cast<float>(std::round((liver ? 110 : 40) + random.normal(0, 12)));
        }
    write_ct(folder_ / "ct.nii.gz", ct);
    write_labels(folder_ / "labels.nii.gz", labels);
    request_.ct.path = folder_ / "ct.nii.gz";
    request_.labels = folder_ / "labels.nii.gz";
    request_.output = folder_ / "out";
    request_.options = {.cysts = 1, .tumours = 1, .necrotic = 0, .touching = 0, .largest_mm = 14};
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path folder_;
  InsertionRequest request_;
};

TEST_F(InsertCase, WritesAllThatBelongsTogether) {
  const TruthCase truth = insert_case(request_);
  ASSERT_EQ(truth.lesions.size(), 2U);
  const LabelMap labels = read_labels(request_.output / "truth.nii.gz").voxels;
  const LabelMap contoured = read_labels(request_.output / "contoured.nii.gz").voxels;
  std::int64_t lesion_voxels = 0, contoured_voxels = 0, wanted = 0;
  for (const std::uint8_t value : labels.voxels()) lesion_voxels += value > kLiver;
  for (const std::uint8_t value : contoured.voxels()) contoured_voxels += value == kTumour;
  for (const LesionTruth& lesion : truth.lesions) wanted += lesion.voxels;
  EXPECT_EQ(lesion_voxels, wanted);
  EXPECT_EQ(contoured_voxels, wanted);
  EXPECT_EQ(read_ct(request_.output / "ct.nii.gz").voxels.geometry(), labels.geometry());
  EXPECT_TRUE(fs::exists(request_.output / "overview.png"));

  const auto document = nlohmann::json::parse(read_text_file(request_.output / "truth.json"));
  EXPECT_EQ(document["format"], "hepar.truth/1");
  EXPECT_EQ(document["seed"], 3);
  const auto& entry = document["cases"][0];
  EXPECT_EQ(entry["case"], "inserted");
  EXPECT_NEAR(entry["measured"]["liver_hu"].get<double>(), 110, 1);
  EXPECT_NEAR(entry["measured"]["noise_sd_hu"].get<double>(), 12, 1);
  ASSERT_EQ(entry["lesions"].size(), 2U);
  EXPECT_EQ(entry["lesions"][0]["voxels"], truth.lesions[0].voxels);
  EXPECT_FALSE(entry.contains("acquisition"));
  // Without air the blur is unknown, and both the file and the summary say so.
  EXPECT_THAT(entry["notes"].dump(), testing::HasSubstr("0.65 mm is assumed"));
  const std::string text = insertion_text(truth, request_.output);
  EXPECT_THAT(text, testing::HasSubstr("2 lesions inserted"));
  EXPECT_THAT(text, testing::HasSubstr("0.65 mm is assumed"));
}

TEST_F(InsertCase, SaysWhatDidNotFit) {
  request_.options = {
      .cysts = 0, .tumours = 0, .necrotic = 1, .touching = 0, .smallest_mm = 90, .largest_mm = 90};
  const TruthCase truth = insert_case(request_);
  EXPECT_TRUE(truth.lesions.empty());
  EXPECT_THAT(insertion_text(truth, request_.output), testing::HasSubstr("left out"));
}

TEST_F(InsertCase, WritesNothingWhenItFails) {
  request_.options.cysts = -1;
  EXPECT_THROW(insert_case(request_), Error);
  EXPECT_FALSE(fs::exists(request_.output));
  request_.options.cysts = 1;
  request_.labels = folder_ / "missing.nii.gz";
  EXPECT_THROW(insert_case(request_), Error);
  EXPECT_FALSE(fs::exists(request_.output));
}

}  // namespace
}  // namespace hepar
