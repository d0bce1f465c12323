// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/import_structures.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"

namespace hepar::importing {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A row of voxels; a digit is the value of one.
Mask row(const char* digits) {
  const std::string text = digits;
  Mask mask(Geometry{.size = {std::ssize(text), 1, 1}});
  for (std::size_t n = 0; n < text.size(); ++n) mask.voxels()[n] = static_cast<std::uint8_t>(text[n] - '0');
  return mask;
}

TEST(KindOf, TheNamesOfPublishedCollections) {
  const StructureNames names;
  // Colorectal-Liver-Metastases: Simpson et al., Sci. Data 11:172, 2024.
  EXPECT_EQ(kind_of("Liver", names), kLiver);
  EXPECT_EQ(kind_of("Liver Remnant", names), std::nullopt);
  EXPECT_EQ(kind_of("Hepatic", names), std::nullopt);
  EXPECT_EQ(kind_of("Portal", names), std::nullopt);
  EXPECT_EQ(kind_of("Tumor_1", names), kTumour);
  // HCC-TACE-Seg: Moawad et al., Sci. Data 10:33, 2023.
  EXPECT_EQ(kind_of("Mass", names), kTumour);
  EXPECT_EQ(kind_of("Portal vein", names), std::nullopt);
  EXPECT_EQ(kind_of("Abdominal aorta", names), std::nullopt);
  // Clinical.
  EXPECT_EQ(kind_of("LIVER", names), kLiver);
  EXPECT_EQ(kind_of("GTV2 boost", names), kTumour);
  EXPECT_EQ(kind_of("PTV", names), std::nullopt);
  EXPECT_EQ(kind_of("cyst_3", names), kCyst);
}

TEST(KindOf, TumourComesBeforeCystAndLiver) {
  EXPECT_EQ(kind_of("x", {.liver = {"*"}, .tumour = {"x"}, .cyst = {"*"}}), kTumour);
  EXPECT_EQ(kind_of("x", {.liver = {"*"}, .tumour = {"y"}, .cyst = {"*"}}), kCyst);
}

TEST(StructureSum, TumourIsNeverLost) {
  const Mask liver = row("1110000"), tumour = row("0101001"), cyst = row("0011101");
  StructureSum sum(liver.geometry());
  sum.add(kTumour, tumour, "t");  // in any order
  sum.add(kLiver, liver, "l");
  sum.add(kCyst, cyst, "c");
  sum.leave_out("Spleen");
  std::vector<std::string> notes;
  const LabelMap labels = sum.labels(notes);
  EXPECT_THAT(labels.voxels(), ElementsAre(1, 2, 3, 2, 3, 0, 2));
  EXPECT_THAT(notes, ElementsAre("Voxels that are tumour and cyst at once, taken as tumour: 2.",
                                 "Voxels of tumour outside of the liver, which stay tumour: 2.",
                                 "Voxels of cyst outside of the liver, which stay cyst: 1.",
                                 "Structures that were not used: Spleen."));
}

TEST(StructureSum, AStructureWithoutVoxelsIsSaid) {
  StructureSum sum(row("11").geometry());
  sum.add(kLiver, row("11"), "l");
  sum.add(kTumour, row("00"), "GTV");
  std::vector<std::string> notes;
  sum.labels(notes);
  EXPECT_THAT(notes, ElementsAre("GTV holds no voxel."));
}

TEST(StructureSum, WithoutLiverItIsRefused) {
  StructureSum sum(row("11").geometry());
  sum.add(kTumour, row("01"), "t");
  sum.leave_out("Leber");
  std::vector<std::string> notes;
  try {
    sum.labels(notes);
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_THAT(error.what(), HasSubstr("Leber"));
  }
  EXPECT_THAT(notes, IsEmpty());
}

TEST(StructureSum, AnotherGridIsRefused) {
  StructureSum sum(row("11").geometry());
  try {
    sum.add(kLiver, row("111"), "Liver");
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_THAT(error.what(), HasSubstr("Liver does not lie on the CT's grid"));
  }
}

}  // namespace
}  // namespace hepar::importing
