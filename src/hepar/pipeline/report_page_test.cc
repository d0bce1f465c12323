// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/report_page.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/pipeline/evaluate.h"
#include "hepar/pipeline/test_case.h"
#include "hepar/pipeline/test_folder.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

using testing::Contains;
using testing::HasSubstr;
using testing::SizeIs;

class ReportPage : public ScratchFolder {
 protected:
  ReportRequest request(const char* folder) const {
    ReportRequest request;
    request.folder = root_ / folder;
    return request;
  }
};

TEST_F(ReportPage, OfASingleCase) {
  write_filtered_case(root_, "case");
  const ReportDocument document = report_document(request("case"));
  EXPECT_THAT(document.title, HasSubstr("case"));
  ASSERT_THAT(document.cases, SizeIs(1));
  EXPECT_THAT(document.cases[0].lesions, SizeIs(2));
  EXPECT_FALSE(document.cases[0].lesions[0].stack.slices.empty());
  EXPECT_THAT(document.summary[0].paragraphs[0],
              HasSubstr("1 regions called tumour, 1 called cyst, 0 doubtful"));
  EXPECT_THAT(document.provenance, SizeIs(2));
}

TEST_F(ReportPage, ACaseWhoseCtIsGoneTakesAnother) {
  write_filtered_case(root_, "case");
  fs::rename(root_ / "ct.nii.gz", root_ / "moved.nii.gz");
  EXPECT_TRUE(report_document(request("case")).cases[0].lesions[0].stack.slices.empty());
  ReportRequest moved = request("case");
  moved.ct = root_ / "moved.nii.gz";
  EXPECT_FALSE(report_document(moved).cases[0].lesions[0].stack.slices.empty());
}

TEST_F(ReportPage, OfAnEvaluation) {
  write_filtered_case(root_, "predictions/case");
  make_folder(root_ / "labelsTr");
  fs::copy_file(root_ / "truth.nii.gz", root_ / "labelsTr/case.nii.gz");
  EvaluateRequest evaluate;
  evaluate.methods = {{"before", root_ / "predictions", std::string(kUnfilteredFile)},
                      {"after", root_ / "predictions"}};
  evaluate.reference = root_ / "labelsTr";
  evaluate.output = root_ / "out";
  evaluate_cohort(evaluate);
  const ReportDocument document = report_document(request("out"));
  ASSERT_THAT(document.cases, SizeIs(1));
  EXPECT_THAT(document.cases[0].headline,
              HasSubstr("tumour DSC 1.00"));  // of "after", which has the evidence
  EXPECT_THAT(document.cases[0].lesions[0].facts, Contains(testing::Pair("Liver", "110 HU")));
  EXPECT_FALSE(document.summary[0].figures.empty());
  const fs::path page = write_report_page(request("out"));
  EXPECT_EQ(page, root_ / "out/report.html");
  EXPECT_THAT(read_text_file(page), HasSubstr("not a medical device"));
}

TEST_F(ReportPage, KeepsToItsSize) {
  write_filtered_case(root_, "case");
  ReportRequest small = request("case");
  small.most_mb = 0.9e-6 * static_cast<double>(fs::file_size(write_report_page(small)));
  const ReportDocument document = report_document(small);
  EXPECT_THAT(document.summary[0].paragraphs.back(), HasSubstr("--max-mb"));
}

TEST_F(ReportPage, RefusesOtherFolders) {
  try {
    report_document(request("none"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMissing);
  }
  make_folder(root_ / "empty");
  try {
    report_document(request("empty"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_THAT(error.what(), HasSubstr("evaluation.json"));
  }
}

}  // namespace
}  // namespace hepar
