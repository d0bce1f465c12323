// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/confidentiality_profile.h"

#include <gtest/gtest.h>

namespace hepar::dicom {
namespace {

// Read in PS3.15 2024e, table E.1-1.
TEST(ProfileAction, FollowsTheTable) {
  EXPECT_EQ(profile_action(0x0010, 0x0010), ProfileAction::kEmpty);       // Patient's Name: Z
  EXPECT_EQ(profile_action(0x0010, 0x0020), ProfileAction::kReplace);     // Patient ID: Z/D
  EXPECT_EQ(profile_action(0x0010, 0x1010), ProfileAction::kRemove);      // Patient's Age: X
  EXPECT_EQ(profile_action(0x0008, 0x0022), ProfileAction::kEmpty);       // Acquisition Date: X/Z
  EXPECT_EQ(profile_action(0x0008, 0x0021), ProfileAction::kReplace);     // Series Date: X/D
  EXPECT_EQ(profile_action(0x0008, 0x0080), ProfileAction::kReplace);     // Institution Name: X/Z/D
  EXPECT_EQ(profile_action(0x0008, 0x0018), ProfileAction::kReplaceUid);  // SOP Instance UID: U
  EXPECT_EQ(profile_action(0x0008, 0x1140), ProfileAction::kReplaceUid);  // Referenced Image Sequence: X/Z/U*
  EXPECT_EQ(profile_action(0x3006, 0x0026), ProfileAction::kEmpty);       // ROI Name: Z
  EXPECT_EQ(profile_action(0xfffa, 0xfffa), ProfileAction::kRemove);      // Digital Signatures Sequence: X
}

TEST(ProfileAction, RemovesWholeGroups) {
  for (const std::uint16_t group :
       std::initializer_list<std::uint16_t>{0x0009, 0x5000, 0x501e, 0x6000, 0x60fe, 0x7fe1})
    EXPECT_EQ(profile_action(group, 0x3000), ProfileAction::kRemove) << group;
}

TEST(ProfileAction, SaysNothingOfImages) {
  EXPECT_EQ(profile_action(0x0028, 0x0010), std::nullopt);  // Rows
  EXPECT_EQ(profile_action(0x0020, 0x0032), std::nullopt);  // Image Position (Patient)
  EXPECT_EQ(profile_action(0x7fe0, 0x0010), std::nullopt);  // Pixel Data
  EXPECT_EQ(profile_action(0x0018, 0x0060), std::nullopt);  // KVP
}

}  // namespace
}  // namespace hepar::dicom
