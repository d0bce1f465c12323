// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/evaluate.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/pipeline/convert_labels.h"
#include "hepar/pipeline/test_case.h"
#include "hepar/pipeline/test_dicom_case.h"
#include "hepar/pipeline/test_folder.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

using testing::Contains;
using testing::HasSubstr;

class EvaluateCohort : public ScratchFolder {
 protected:
  void SetUp() override {
    ScratchFolder::SetUp();
    make_folder(root_ / "labelsTr");
    write_filtered_case(root_, "predictions/case");
    fs::copy_file(root_ / "truth.nii.gz", root_ / "labelsTr/case.nii.gz");
  }
  EvaluateRequest request() const {
    EvaluateRequest request;
    request.methods = {{"after", root_ / "predictions"}};
    request.reference = root_ / "labelsTr";
    request.output = root_ / "out";
    return request;
  }
  EvaluatedCase evaluated_case() const {
    EvaluatedCase c;
    c.name = "case";
    c.prediction = root_ / "elsewhere/case.nii.gz";
    c.reference = root_ / "labelsTr/case.nii.gz";
    return c;
  }
};

TEST_F(EvaluateCohort, WritesFilesAndAPictureOfTheWorstCases) {
  const Evaluation evaluation = evaluate_cohort(request());
  // The paper's filter took the cyst out: all is right.
  EXPECT_DOUBLE_EQ(evaluation.methods[0].cases[0].regions[1].metrics.dsc.value(), 1.0);
  for (const char* file :
       {"evaluation.json", "cases.csv", "worst_cases.png", "worst_cases.svg", "stage_times.svg"}) {
    EXPECT_TRUE(fs::exists(root_ / "out" / file)) << file;
  }
}

TEST_F(EvaluateCohort, ComparesWithWhatWasThereBeforeTheFilter) {
  EvaluateRequest both = request();
  both.methods = {{"before", root_ / "predictions", std::string(kUnfilteredFile)},
                  {"after", root_ / "predictions"}};
  const Evaluation evaluation = evaluate_cohort(both);
  // Two balls of one size were called tumour, one of them is.
  EXPECT_NEAR(evaluation.methods[0].cases[0].regions[1].metrics.dsc.value(), 2.0 / 3, 1e-12);
  EXPECT_TRUE(fs::exists(root_ / "out/comparisons.csv"));
}

TEST_F(EvaluateCohort, WithoutAnOutputNothingIsWritten) {
  EvaluateRequest dry = request();
  dry.output.clear();
  evaluate_cohort(dry);
  EXPECT_FALSE(fs::exists(root_ / "out"));
}

TEST_F(EvaluateCohort, SaysWhenACtIsNotFound) {
  fs::remove(root_ / "ct.nii.gz");
  const Evaluation evaluation = evaluate_cohort(request());
  EXPECT_THAT(evaluation.notes, Contains(HasSubstr("--images")));
  EXPECT_FALSE(fs::exists(root_ / "out/worst_cases.png"));
}

TEST_F(EvaluateCohort, RefusesAFolderOfImagesThatIsNotThere) {
  EvaluateRequest wrong = request();
  wrong.images = root_ / "none";
  EXPECT_THROW(evaluate_cohort(wrong), Error);
}

TEST_F(EvaluateCohort, FindsCtsWhereverTheyMayLie) {
  EvaluatedCase c = evaluated_case();
  EXPECT_EQ(find_ct(c, {}), "");
  make_folder(root_ / "imagesTr");
  write_text_file(root_ / "imagesTr/case_0000.nii.gz", "");
  EXPECT_EQ(find_ct(c, {}), root_ / "imagesTr/case_0000.nii.gz");
  c.prediction = root_ / "predictions/case/labels.nii.gz";
  EXPECT_EQ(find_ct(c, {}), root_ / "ct.nii.gz");  // run.json knows best
  make_folder(root_ / "images/case");
  EXPECT_EQ(find_ct(c, root_ / "images"), root_ / "images/case");  // a DICOM folder
  write_text_file(root_ / "images/case/ct.nii.gz", "");
  EXPECT_EQ(find_ct(c, root_ / "images"), root_ / "images/case/ct.nii.gz");
  write_text_file(root_ / "images/case.mha", "");
  EXPECT_EQ(find_ct(c, root_ / "images"), root_ / "images/case.mha");
  EXPECT_EQ(find_ct(c, root_ / "predictions/none"), "");
}

class EvaluateDicom : public DicomCase {
 protected:
  void SetUp() override {
    DicomCase::SetUp();
    write_labels(root_ / "predicted.nii.gz", made_.predicted);
    for (const char* name : {"truth", "predicted"}) {
      ConvertLabelsRequest convert;
      convert.input = root_ / fmt::format("{}.nii.gz", name);
      convert.output = root_ / fmt::format("{}.dcm", name);
      convert.reference.path = root_ / "ct";
      convert_labels(convert);
    }
  }
  double tumour_dsc(const char* prediction, const char* reference, const char* images = "") const {
    EvaluateRequest request;
    request.methods = {{"a", root_ / prediction}};
    request.reference = root_ / reference;
    if (*images != '\0') request.images = root_ / images;
    return evaluate_cohort(request).methods[0].cases[0].regions[1].metrics.dsc.value();
  }
};

TEST_F(EvaluateDicom, StructuresCountAsTheirLabelMaps) {
  const double expected = tumour_dsc("predicted.nii.gz", "truth.nii.gz");
  EXPECT_LT(expected, 0.9);
  EXPECT_EQ(tumour_dsc("predicted.dcm", "truth.nii.gz"), expected);
  EXPECT_EQ(tumour_dsc("predicted.nii.gz", "truth.dcm"), expected);
  EXPECT_EQ(tumour_dsc("predicted.dcm", "truth.dcm", "ct"), expected);
  try {
    tumour_dsc("predicted.dcm", "truth.dcm");
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("--images"));
  }
}

TEST_F(EvaluateDicom, FoldersOfStructuresArePairedByName) {
  for (const char* folder : {"a", "b", "cts/case"}) make_folder(root_ / folder);
  fs::copy_file(root_ / "predicted.dcm", root_ / "a/case.dcm");
  fs::copy_file(root_ / "truth.dcm", root_ / "b/case.dcm");
  fs::copy(root_ / "ct", root_ / "cts/case");
  EXPECT_EQ(tumour_dsc("a", "b", "cts"), tumour_dsc("predicted.nii.gz", "truth.nii.gz"));
}

}  // namespace
}  // namespace hepar
