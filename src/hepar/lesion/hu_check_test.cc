// SPDX-License-Identifier: Apache-2.0
#include "hepar/lesion/hu_check.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <string>

#include "hepar/core/error.h"
#include "hepar/lesion/test_case.h"

namespace hepar {
namespace {

using testing::HasSubstr;
using testing_case::grid;

// Whole HU: air on the left third, then liver of 110 +- 15 HU.
CtVolume body(double share_of_air = 1.0 / 3) {
  CtVolume ct(grid({60, 40, 20}, {1, 1, 1}));
  Random random(4);
  for (std::size_t n = 0; n < ct.voxels().size(); ++n) {
    const bool air = static_cast<double>(n % 60) < share_of_air * 60;
    ct.voxels()[n] = static_cast<float>(std::round(random.normal(air ? -1000 : 110, 15)));
  }
  return ct;
}

std::string refusal(const CtVolume& ct, std::optional<double> liver_hu) {
  try {
    check_hounsfield_units(ct, liver_hu);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    return error.what();
  }
  return "";
}

TEST(CheckHounsfieldUnits, TakesHuWithAndWithoutAir) {
  EXPECT_EQ(refusal(body(), 110), "");
  EXPECT_EQ(refusal(body(0), 110), "");  // a tight crop of liver
  EXPECT_EQ(refusal(body(), {}), "");
  EXPECT_EQ(refusal(body(), 1134), "");  // a label that lies in metal, not a shift: air is where it should be
}

TEST(CheckHounsfieldUnits, TakesWholeHuFromZeroTo255) {
  // A crop of soft tissue may lie between 0 and 255; but 0 is rare in it.
  CtVolume ct = body(0);
  ct.voxels()[0] = 0, ct.voxels()[1] = 255;
  EXPECT_EQ(refusal(ct, 110), "");
}

TEST(CheckHounsfieldUnits, RefusesAnEightBitPicture) {
  // The usual window of 400 HU about 40: HU -160 to 240 become 0 to 255, and air is 0.
  CtVolume ct = body();
  for (float& hu : ct.voxels()) hu = std::round(std::clamp((hu + 160) / 400 * 255, 0.0F, 255.0F));
  EXPECT_THAT(refusal(ct, 172), HasSubstr("an 8-bit picture and not HU"));
  EXPECT_THAT(refusal(ct, {}), HasSubstr("an 8-bit picture and not HU"));
}

TEST(CheckHounsfieldUnits, RefusesStoredValuesWithoutTheirIntercept) {
  CtVolume ct = body();
  for (float& hu : ct.voxels()) hu = std::max(hu + 1024, 0.0F);
  EXPECT_THAT(refusal(ct, 1134), HasSubstr("the liver measures 1134: stored values without their intercept"));
  CtVolume crop = body(0);
  for (float& hu : crop.voxels()) hu += 1024;
  EXPECT_THAT(refusal(crop, 1134), HasSubstr("convert the CT again"));
}

TEST(CheckHounsfieldUnits, LeavesOddButPossibleValuesToTheFlags) {
  EXPECT_EQ(refusal(CtVolume(grid({5, 5, 5}, {1, 1, 1}), 0), {}), "");
  EXPECT_EQ(refusal(CtVolume(grid({5, 5, 5}, {1, 1, 1}), 17), {}), "");
  EXPECT_EQ(refusal(CtVolume(grid({5, 5, 5}, {1, 1, 1}), std::numeric_limits<float>::quiet_NaN()), {}), "");
}

}  // namespace
}  // namespace hepar
