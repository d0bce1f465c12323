// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/convert_labels.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/dicom/dicom_kind.h"
#include "hepar/dicom/segmentation.h"
#include "hepar/pipeline/test_dicom_case.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

using testing::Contains;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

class ConvertLabels : public DicomCase {
 protected:
  ConvertLabelsRequest request(const char* input, const char* output, const char* reference = "ct") const {
    ConvertLabelsRequest request;
    request.input = root_ / input, request.output = root_ / output;
    if (*reference != '\0') request.reference.path = root_ / reference;
    return request;
  }
  std::string refusal(const ConvertLabelsRequest& request) const {
    try {
      convert_labels(request);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput) << error.what();
      EXPECT_THAT(error.what(), Not(HasSubstr("ecret")));
      EXPECT_FALSE(fs::exists(request.output));
      return error.what();
    }
    ADD_FAILURE() << "not refused";
    return "";
  }
  void expect_truth(const char* file) const {
    EXPECT_THAT(read_labels(root_ / file).voxels.voxels(), ElementsAreArray(made_.truth.voxels())) << file;
  }
};

TEST_F(ConvertLabels, ThereAndBackByEveryForm) {
  convert_labels(request("truth.nii.gz", "rs.dcm"));
  EXPECT_EQ(dicom_kind(root_ / "rs.dcm"), DicomKind::kStructureSet);
  convert_labels(request("rs.dcm", "from_rs.nii.gz"));
  expect_truth("from_rs.nii.gz");
  ConvertLabelsRequest to_seg = request("rs.dcm", "seg.dcm");
  to_seg.as = DicomObject::kSegmentation;
  convert_labels(to_seg);
  EXPECT_EQ(dicom_kind(root_ / "seg.dcm"), DicomKind::kSegmentation);
  convert_labels(request("seg.dcm", "from_seg.nii.gz"));
  expect_truth("from_seg.nii.gz");
}

TEST_F(ConvertLabels, GivesTheVolumesOfRoisAndLabels) {
  // Voxels of 2 x 2 x 2 mm, 0.008 mL each.
  const auto ml = [&](std::uint8_t label) {
    return 0.008 * static_cast<double>(std::ranges::count(made_.truth.voxels(), label));
  };
  const auto rois = convert_labels(request("truth.nii.gz", "rs.dcm")).volumes_ml;
  EXPECT_THAT(rois, ElementsAreArray({Pair("Liver", testing::DoubleNear(ml(1) + ml(2) + ml(3), 1e-9)),
                                      Pair("GTV", testing::DoubleNear(ml(2), 1e-9)),
                                      Pair("Cyst", testing::DoubleNear(ml(3), 1e-9))}));
  EXPECT_THAT(convert_labels(request("rs.dcm", "labels.nii.gz")).volumes_ml,
              Contains(Pair("label 2", testing::DoubleNear(ml(2), 1e-9))));
}

TEST_F(ConvertLabels, AProfileMayAddNormalLiver) {
  ConvertLabelsRequest with_normal = request("truth.nii.gz", "rs.dcm");
  RoiStyle normal = with_normal.profile.rois.front();
  normal.name = "Liver-GTV", normal.labels = {1, 3};
  with_normal.profile.rois.push_back(normal);
  EXPECT_THAT(
      convert_labels(with_normal).volumes_ml,
      Contains(Pair("Liver-GTV", testing::DoubleNear(0.008 * static_cast<double>(std::ranges::count_if(
                                                                 made_.truth.voxels(),
                                                                 [](int l) { return l == 1 || l == 3; })),
                                                     1e-9))));
}

TEST_F(ConvertLabels, NamesLabelsWithoutRoi) {
  ConvertLabelsRequest without_cyst = request("truth.nii.gz", "rs.dcm");
  for (RoiStyle& roi : without_cyst.profile.rois) std::erase(roi.labels, kCyst);
  EXPECT_THAT(convert_labels(without_cyst).notes, Contains(HasSubstr("label 3")));
}

TEST_F(ConvertLabels, AProbabilityBecomesAFractionalSeg) {
  CtVolume probability(made_.ct.geometry());
  for (std::size_t n = 0; n < probability.voxels().size(); ++n) {
    probability.voxels()[n] = made_.truth.voxels()[n] == kTumour ? 0.75F : 0.0F;
  }
  write_ct(root_ / "p.nii.gz", probability);
  ConvertLabelsRequest fractional = request("p.nii.gz", "p.dcm");
  fractional.probability_of = "GTV";
  convert_labels(fractional);
  const Segmentation read = read_segmentation(root_ / "p.dcm");
  ASSERT_EQ(read.segments.size(), 1U);
  EXPECT_EQ(read.segments[0].label, "GTV");
  const auto back = segment_probability(read, read.segments[0].number, made_.ct.geometry());
  for (std::size_t n = 0; n < probability.voxels().size(); ++n) {
    ASSERT_NEAR(back.voxels()[n], probability.voxels()[n], 1.0 / 255) << n;
  }
  fractional.probability_of = "Kidney";
  fractional.output = root_ / "q.dcm";
  EXPECT_THAT(refusal(fractional), HasSubstr("Liver, GTV, Cyst"));
}

TEST_F(ConvertLabels, RefusesWhatMakesNoSense) {
  EXPECT_THAT(refusal(request("truth.nii.gz", "rs.dcm", "")), HasSubstr("--reference"));
  EXPECT_THAT(refusal(request("truth.nii.gz", "rs.dcm", "truth.nii.gz")), HasSubstr("--reference"));
  ConvertLabelsRequest both = request("truth.nii.gz", "labels.nii.gz");
  both.as = DicomObject::kSegmentation;
  EXPECT_THAT(refusal(both), HasSubstr("--as"));
  convert_labels(request("truth.nii.gz", "rs.dcm"));
  EXPECT_THAT(refusal(request("rs.dcm", "labels.nii.gz", "")), HasSubstr("--reference"));
  ConvertLabelsRequest input = request("rs.dcm", "rs.dcm");
  EXPECT_THROW(convert_labels(input), Error);  // ... onto itself
  EXPECT_THROW(convert_labels(request("truth.nii.gz", "ct/ct_0003.dcm")), Error);
  EXPECT_EQ(dicom_kind(root_ / "ct/ct_0003.dcm"), DicomKind::kImage);
  EXPECT_THROW(convert_labels(request("truth.nii.gz", "ct")), Error);
  for (const char* output : {"none/rs.dcm", "labels.nrrd"}) {
    EXPECT_THROW(convert_labels(request("truth.nii.gz", output)), Error) << output;
    EXPECT_FALSE(fs::exists(root_ / output));
  }
  LabelMap shifted({.size = {32, 32, 20}, .spacing_mm = {2, 2, 2}, .origin_mm = {-10, 5, 101}}, kTumour);
  write_labels(root_ / "shifted.nii.gz", shifted);
  EXPECT_THAT(refusal(request("shifted.nii.gz", "shifted.dcm")), HasSubstr("1.0"));
}

}  // namespace
}  // namespace hepar
