// SPDX-License-Identifier: Apache-2.0
#include "hepar/dicom/dicom_profile.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

std::string document(const std::string& members) {
  return fmt::format(R"({{"format": "hepar.dicom-profile/1"{}{}}})", members.empty() ? "" : ", ", members);
}

void expect_equal(const CodedConcept& a, const CodedConcept& b) {
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.scheme, b.scheme);
  EXPECT_EQ(a.meaning, b.meaning);
}

TEST(DicomProfile, LeavesItsDefaults) {
  const DicomProfile profile = read_dicom_profile(document(""));
  ASSERT_EQ(profile.rois.size(), 3U);
  EXPECT_EQ(profile.rois[0].name, "Liver");
  EXPECT_THAT(profile.rois[0].labels, ElementsAre(1, 2, 3));
  EXPECT_EQ(profile.rois[0].interpreted_type, "ORGAN");
  EXPECT_EQ(profile.rois[0].colour, (Rgb{255, 0, 0}));
  expect_equal(profile.rois[0].category, {"123037004", "SCT", "Anatomical Structure"});
  expect_equal(profile.rois[0].type, {"10200004", "SCT", "Liver"});
  EXPECT_EQ(profile.rois[1].name, "GTV");
  EXPECT_THAT(profile.rois[1].labels, ElementsAre(2));
  EXPECT_EQ(profile.rois[2].name, "Cyst");
  EXPECT_EQ(profile.rois[2].interpreted_type, "");
  EXPECT_EQ(profile.contour_style, ContourStyle::kHalfLevel);
  EXPECT_EQ(profile.hole_mode, HoleMode::kKeyhole);
  EXPECT_EQ(profile.name_length, 16U);
  EXPECT_FALSE(profile.explicit_vr);
}

TEST(DicomProfile, TakesAllThatASiteSays) {
  const DicomProfile profile = read_dicom_profile(document(R"(
      "rois": [{"name": "Liver"},
               {"name": "GTV", "labels": [2, 4], "colour": [1, 2, 3]},
               {"name": "Leber ohne Tumor", "labels": [1], "interpreted_type": "AVOIDANCE",
                "colour": [255, 128, 0], "category": {"value": "123037004", "scheme": "SCT", "meaning": "A"},
                "type": {"value": "10200004", "scheme": "SCT", "meaning": "Liver"}},
               {"name": "Zyste", "labels": [3]}],
      "contour_style": "pixel_edges", "hole_mode": "separate", "simplify_mm": 0.25, "point_limit": 500,
      "write_empty_rois": true, "explicit_vr": true, "structure_set_label": "KI", "series_description": "KI Leber")"));
  ASSERT_EQ(profile.rois.size(), 4U);
  EXPECT_THAT(profile.rois[0].labels, ElementsAre(1, 2, 3));  // as by default
  EXPECT_EQ(profile.rois[1].interpreted_type, "GTV");
  EXPECT_THAT(profile.rois[1].labels, ElementsAre(2, 4));
  EXPECT_EQ(profile.rois[1].colour, (Rgb{1, 2, 3}));
  EXPECT_EQ(profile.rois[2].interpreted_type, "AVOIDANCE");
  expect_equal(profile.rois[2].category, {"123037004", "SCT", "A"});
  expect_equal(profile.rois[3].type, {"85756007", "SCT", "Tissue"});
  EXPECT_EQ(profile.contour_style, ContourStyle::kPixelEdges);
  EXPECT_EQ(profile.hole_mode, HoleMode::kSeparate);
  EXPECT_EQ(profile.simplify_mm, 0.25);
  EXPECT_EQ(profile.point_limit, 500);
  EXPECT_TRUE(profile.write_empty_rois);
  EXPECT_TRUE(profile.explicit_vr);
  EXPECT_EQ(profile.structure_set_label, "KI");
  EXPECT_EQ(profile.series_description, "KI Leber");
  const std::string json = dicom_profile_json(profile);
  EXPECT_EQ(dicom_profile_json(read_dicom_profile(json)), json);
  EXPECT_THAT(json, AllOf(HasSubstr("\"pixel_edges\""), HasSubstr("Leber ohne Tumor"), HasSubstr("500")));
}

TEST(DicomProfile, NameLengthHoldsForNamesBeforeIt) {
  const std::string name = R"("rois": [{"name": "Liver without GTV", "labels": [1]}])";
  EXPECT_EQ(read_dicom_profile(document(name + R"(, "name_length": 64)")).rois[0].name, "Liver without GTV");
  EXPECT_THROW(read_dicom_profile(document(name)), Error);
}

struct Refusal {
  std::string text, words;
  ErrorCode code = ErrorCode::kInvalidInput;
};
class RefusedProfile : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedProfile, IsNamed) {
  try {
    read_dicom_profile(GetParam().text);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), GetParam().code);
    EXPECT_THAT(error.what(), HasSubstr(GetParam().words));
  }
}

Refusal roi(const std::string& members, const std::string& words) {
  return {document(fmt::format(R"("rois": [{{{}}}])", members)), words};
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedProfile,
    testing::Values(
        Refusal{"{", "no JSON"}, Refusal{"[1]", "no JSON object"}, Refusal{"{}", "'format' is missing"},
        Refusal{R"({"format": 1})", "format is 1, not hepar.dicom-profile/1"},
        Refusal{R"({"format": "hepar.dicom-profile/2"})", "hepar.dicom-profile/2", ErrorCode::kUnsupported},
        Refusal{document(R"("hole-mode": "keyhole")"), "the key 'hole-mode' is unknown; known are"},
        Refusal{document(R"("hole_mode": "xor")"), R"('hole_mode' is "xor", not one of keyhole, separate)"},
        Refusal{document(R"("simplify_mm": 1, "simplify_mm": 2)"), "'simplify_mm' is there twice"},
        Refusal{document(R"("simplify_mm": -1)"), "'simplify_mm' is -1"},
        Refusal{document(R"("simplify_mm": 11)"), "from 0 to 10"},
        Refusal{document(R"("point_limit": 2)"), "at least 3 points"},
        Refusal{document(R"("point_limit": 18446744073709551615)"), "not a whole number"},
        Refusal{document(R"("name_length": 65)"), "from 1 to 64"},
        Refusal{document(R"("explicit_vr": 1)"), "not true or false"},
        Refusal{document(R"("structure_set_label": "seventeen letters")"), "has 17 characters; up to 16"},
        Refusal{document(R"("structure_set_label": "")"), "not a text"},
        Refusal{document(R"("series_description": "a\\b")"), "a backslash"},
        Refusal{document(R"("rois": [])"), "'rois' is []"},
        Refusal{document(R"("rois": [1])"), "'rois[0]' is 1, not an object"},
        Refusal{document(R"("rois": [{"name": "Liver"}, {"name": "Liver"}])"),
                "two of 'rois' have the name Liver"},
        Refusal{document(R"("rois": [{"name": "Liver"}, {"name": "LIVER", "labels": [1]}])"),
                "differ in case alone"},
        roi(R"("labels": [1])", "'rois[0].name' is missing"),
        roi(R"("name": "New")", "'rois[0].labels' is missing"),
        roi(R"("name": "New", "labels": [])", "'rois[0].labels' is []"),
        roi(R"("name": "New", "labels": [0])", "'rois[0].labels' is 0, not a whole number from 1 to 255"),
        roi(R"("name": "New", "labels": [256])", "from 1 to 255"),
        roi(R"("name": "New", "labels": [1.5])", "1.5"),
        roi(R"("name": "New", "labels": [2, 2])", "label 2 twice"),
        roi(R"("name": "Liver", "colour": [1, 2])", "'rois[0].colour' has 2 numbers"),
        roi(R"("name": "Liver", "colour": [1, 2, 256])", "from 0 to 255"),
        roi(R"("name": "Liver", "interpreted_type": "organ")", "capital letters"),
        roi(R"("name": "Liver", "type": {"value": "1", "scheme": "SCT"})",
            "'rois[0].type.meaning' is missing"),
        roi(R"("name": "Liver", "type": {"value": "1", "scheme": "SCT", "meaning": "a", "x": 1})",
            "'rois[0].type.x' is unknown"),
        roi(R"("name": "Liver ")", "space at an end"),
        roi(R"("name": "Liver", "color": [1, 2, 3])", "'rois[0].color'")));

}  // namespace
}  // namespace hepar
