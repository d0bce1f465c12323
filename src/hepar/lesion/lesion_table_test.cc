// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/lesion_table.h"

#include <gmock/gmock.h>

#include <string>

namespace hepar {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kHeader =
    "case,region,volume_ml,mean_hu,std_hu,interior_mean_hu,contrast_hu,probability_cyst,verdict,guards,"
    "truth\n";

// Liver of 108 HU; a doubtful region with three flags, two of which bar it from being a cyst, and one that
// nothing was measured of.
LesionFilterResult example() {
  LesionFilterResult result;
  result.liver.median_hu = 108;
  LesionRegion judged;
  judged.id = 1;
  judged.volume_ml = 1.5;
  judged.fit.amplitude = 799.5, judged.fit.mean_hu = 17.25, judged.fit.std_hu = 20.5;
  judged.evidence.interior_mean_hu = 16.5;
  judged.probability_cyst = 0.75;
  judged.verdict = Verdict::kDoubtful;
  judged.flags = {LesionFlag::kSmall, LesionFlag::kNoLiver, LesionFlag::kRim};
  LesionRegion bare;
  bare.id = 2;
  bare.verdict = Verdict::kCalledTumour;
  result.regions = {judged, bare};
  return result;
}

TEST(LesionTable, HasALineForEachRegion) {
  const std::string table = lesion_table(example());
  ASSERT_EQ(std::count(table.begin(), table.end(), '\n'), 3);
  EXPECT_EQ(table.back(), '\n');
  const std::string head = table.substr(0, table.find('\n'));
  for (const char* column : {"id", "volume mL", "A", "M", "S", "core", "to liver", "P(cyst)", "verdict"})
    EXPECT_THAT(head, HasSubstr(column));
  const std::size_t second = table.find('\n') + 1, third = table.find('\n', second) + 1;
  const std::string judged = table.substr(second, third - second), bare = table.substr(third);
  for (const char* cell : {"  1 ", " 1.50 ", " 800 ", " 17.2 ", " 20.5 ", " 16.5 ", " -91.5 ", " 0.750 ",
                           " doubtful ", "small, no_liver, rim\n"})
    EXPECT_THAT(judged, HasSubstr(cell));
  // Without an interior there is neither core, contrast nor probability.
  EXPECT_THAT(bare, HasSubstr("    -         -        -  tumour"));
  // Columns stand below their heads.
  EXPECT_EQ(judged.find("doubtful"), head.find("verdict"));
  EXPECT_EQ(judged.find("small"), head.find("flags"));
  EXPECT_EQ(judged.find("1.50") + 4, head.find("volume mL") + 9);
}

TEST(RegionsCsv, GivesWhatCalibrateReads) {
  // The contrast is 16.5 - 108. The second region has no probability and is left out.
  EXPECT_EQ(
      regions_csv(example(), "case 1"),
      std::string(kHeader) + "case 1,1,1.5000,17.250,20.500,16.5000,-91.5000,0.750000,doubtful,small|rim,\n");
}

TEST(RegionsCsv, LeavesUndefinedCellsEmpty) {
  LesionFilterResult result = example();
  result.liver.median_hu.reset();
  result.regions[0].flags.clear();
  EXPECT_THAT(regions_csv(result, "a"),
              HasSubstr("\na,1,1.5000,17.250,20.500,16.5000,,0.750000,doubtful,,\n"));
}

TEST(RegionsCsv, QuotesTheCasesName) {
  EXPECT_THAT(regions_csv(example(), "a \"b\", c"),
              AllOf(StartsWith(kHeader), HasSubstr("\n\"a \"\"b\"\", c\",1,")));
}

TEST(HistogramsCsv, GivesCountsAndTheSmoothedCurveOfEachBin) {
  LesionFilterResult result;
  LesionRegion region;
  region.id = 4;
  region.histogram = UnitHistogram(20, 21);
  region.histogram->add(std::vector<float>{20, 20, 20, 21});
  result.regions = {LesionRegion(), region};  // the first was never measured
  // Weights of the kernel of SD 3 at 0 and 1 over the sum of its 25 samples, 7.51967:
  // w0 = 0.132984, w1 = exp(-1/18) w0 = 0.125798; 3 w0 + w1 = 0.52475, 3 w1 + w0 = 0.51038.
  EXPECT_EQ(histograms_csv(result), "region,hu,voxels,smoothed\n4,20,3,0.5248\n4,21,1,0.5104\n");
}

}  // namespace
}  // namespace hepar
