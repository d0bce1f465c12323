// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/lesion_page.h"

#include <gmock/gmock.h>

#include <numeric>

#include "hepar/core/error.h"
#include "hepar/pipeline/test_case.h"
#include "hepar/pipeline/test_folder.h"

namespace hepar {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

class LesionPagesTest : public ScratchFolder {
 protected:
  ErrorCode code() const {
    try {
      read_lesion_pages(root_);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kInternal;
  }
};

TEST_F(LesionPagesTest, ShowWhatTheFilterWrote) {
  const CaseResult result = write_filtered_case(root_, "case");
  ASSERT_EQ(result.lesions.regions.size(), 2U);
  const LesionPages pages = read_lesion_pages(root_ / "case");
  ASSERT_EQ(pages.lesions.size(), 2U);
  for (const LesionRegion& region : result.lesions.regions) {
    const auto found = std::find_if(pages.lesions.begin(), pages.lesions.end(), [&](const LesionPage& page) {
      return page.lesion.title.starts_with("Lesion " + std::to_string(region.id) + ":");
    });
    ASSERT_NE(found, pages.lesions.end());
    const ReportLesion& lesion = found->lesion;
    EXPECT_EQ(lesion.verdict, verdict_name(region.verdict));
    EXPECT_EQ(lesion.reason, region.reason);
    EXPECT_NEAR(found->centroid_lps_mm.x, region.centroid_lps_mm.x, 1e-9);
    EXPECT_THAT(lesion.facts, Contains(Pair("Liver", "110 HU")));
    // Every voxel of the region is in the histogram, and the curve is the one of the region.
    const auto& counts = lesion.histogram.value().counts;
    EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0.0), static_cast<double>(region.voxels));
    EXPECT_NEAR(lesion.histogram->mean_hu, region.fit.mean_hu, 1e-9);
    EXPECT_EQ(lesion.histogram->threshold_hu, 45);
  }
}

TEST_F(LesionPagesTest, GapsOfAHistogramAreEmptyBins) {
  write_filtered_case(root_, "case");
  std::string csv = "region,hu,voxels,smoothed\n1,-3,2,0.5\n1,1,4,1.5\n";
  write_text_file(root_ / "case/histograms.csv", csv);
  const LesionPages pages = read_lesion_pages(root_ / "case");
  const auto one = std::find_if(pages.lesions.begin(), pages.lesions.end(), [](const LesionPage& page) {
    return page.lesion.title.starts_with("Lesion 1:");
  });
  ASSERT_NE(one, pages.lesions.end());
  EXPECT_EQ(one->lesion.histogram->first_hu, -3);
  EXPECT_THAT(one->lesion.histogram->counts, testing::ElementsAre(2, 0, 0, 0, 4));
  EXPECT_THAT(one->lesion.histogram->smoothed, testing::ElementsAre(0.5, 0, 0, 0, 1.5));
}

TEST_F(LesionPagesTest, AFolderWithoutEvidenceHasNone) {
  EXPECT_TRUE(read_lesion_pages(root_).lesions.empty());
}

TEST_F(LesionPagesTest, RefuseWhatTheyCannotRead) {
  write_text_file(root_ / "lesions.json", "{");
  EXPECT_EQ(code(), ErrorCode::kCorrupt);
  write_text_file(root_ / "lesions.json", R"({"format": "hepar.lesions/9"})");
  EXPECT_EQ(code(), ErrorCode::kUnsupported);
  write_text_file(root_ / "lesions.json", R"({"format": "hepar.lesions/2"})");
  EXPECT_EQ(code(), ErrorCode::kCorrupt);
  for (const char* line : {"1,2,3", "x,2,3,4", "1,99999999,3,4", "1,2,3,"}) {
    write_text_file(root_ / "histograms.csv", std::string("region,hu,voxels,smoothed\n") + line + "\n");
    EXPECT_EQ(code(), ErrorCode::kCorrupt) << line;
  }
}

}  // namespace
}  // namespace hepar
