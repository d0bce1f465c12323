// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/evaluation_output.h"

#include <gmock/gmock.h>

#include "hepar/evaluation/test_maps.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

using testing::HasSubstr;
using testing::Not;

class EvaluationOutput : public EvaluationFolders {
 protected:
  Evaluation evaluated(bool two) const {
    for (const char* name : {"x", "y"}) {
      write(std::string("a/") + name + ".nii.gz", {1, 2, 0, 2});
      write(std::string("b/") + name + ".nii.gz", {1, 2, 0, 0});
      write(std::string("r/") + name + ".nii.gz", {1, 2, 0, 0});
    }
    std::vector<MethodSource> methods{{"A", root_ / "a"}};
    if (two) methods.push_back({"B", root_ / "b"});
    return evaluate(methods, root_ / "r");
  }
};

TEST_F(EvaluationOutput, WritesTablesAndFigures) {
  write_evaluation(evaluated(true), root_ / "r", root_ / "r");
  for (const char* file : {"evaluation.json", "cases.csv", "lesions.csv", "summary.csv", "comparisons.csv",
                           "tables.md", "tables.tex", "box_dsc.svg", "box_dsc.png", "box_hd95_mm.svg",
                           "agreement_liver_1.svg", "agreement_tumour_2.png"}) {
    EXPECT_TRUE(fs::exists(root_ / "r" / file)) << file;
  }
  EXPECT_THAT(read_text_file(root_ / "r/tables.md"), HasSubstr("not a medical device"));
  EXPECT_THAT(read_text_file(root_ / "r/tables.tex"), HasSubstr("\\toprule"));
}

TEST_F(EvaluationOutput, OneMethodHasNoComparison) {
  write_evaluation(evaluated(false), root_ / "r", root_ / "r");
  EXPECT_FALSE(fs::exists(root_ / "r/comparisons.csv"));
  EXPECT_TRUE(fs::exists(root_ / "r/agreement_tumour.svg"));
}

TEST_F(EvaluationOutput, TheTextFitsAScreenWhateverTheNumberOfCases) {
  Evaluation evaluation = evaluated(false);
  for (int n = 0; n < 100; ++n) evaluation.methods[0].cases.push_back(evaluation.methods[0].cases[0]);
  const std::string text = evaluation_text(evaluation);
  EXPECT_THAT(text, HasSubstr("and 90 more lines"));  // 102 less 12
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 40);
  EXPECT_THAT(evaluation_text(evaluated(true)), HasSubstr("Compared with A"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace hepar
