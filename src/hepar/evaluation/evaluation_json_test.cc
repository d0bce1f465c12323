// SPDX-License-Identifier: Apache-2.0
#include "hepar/evaluation/evaluation_json.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/evaluation/test_maps.h"

namespace hepar {
namespace {

using testing::HasSubstr;

class EvaluationJson : public EvaluationFolders {
 protected:
  Evaluation evaluated() const {
    write("a/x.nii.gz", {1, 2, 0, 2});
    write("b/x.nii.gz", {1, 2, 0, 0});
    write("r/x.nii.gz", {1, 2, 0, 0});
    Evaluation evaluation = evaluate({{"A", root_ / "a"}, {"B", root_ / "b"}}, root_ / "r");
    evaluation.methods[0].cases[0].ct = root_ / "ct.nii.gz";
    evaluation.notes = {"a note"};
    return evaluation;
  }
};

TEST_F(EvaluationJson, UndefinedNumbersAreNull) {
  const auto document = nlohmann::json::parse(evaluation_json(evaluated()));
  EXPECT_EQ(document["format"], "hepar.evaluation/2");
  const auto& method = document["methods"][0];
  const auto& regions = method["cases"][0]["regions"];
  EXPECT_TRUE(regions["cyst"]["dsc"].is_null());
  EXPECT_DOUBLE_EQ(regions["tumour"]["dsc"].get<double>(), 2.0 / 3);  // 2 * 1 / (2 + 1)
  EXPECT_EQ(regions["tumour"]["lesions"]["predicted"].size(), 2U);
  EXPECT_FALSE(regions["liver"].contains("lesions"));
  EXPECT_TRUE(method["summary"]["cyst"]["dsc"]["mean"].is_null());
  EXPECT_EQ(method["summary"]["cyst"]["dsc"]["n"], 0);
  EXPECT_TRUE(method["summary"]["tumour"]["dsc"]["sd"].is_null());  // of one value
  EXPECT_TRUE(method["cases"][0]["prediction"].is_null());          // there is no folder to be seen from
}

TEST_F(EvaluationJson, ComesBackAsItWas) {
  const Evaluation before = evaluated();
  const std::string text = evaluation_json(before, root_ / "out");
  EXPECT_THAT(text, HasSubstr("\"../a/x.nii.gz\""));
  const Evaluation after = read_evaluation_json(text, root_ / "out");
  ASSERT_EQ(after.methods.size(), 2U);
  const EvaluatedCase& c = after.methods[0].cases[0];
  EXPECT_EQ(c.prediction, root_ / "a/x.nii.gz");
  EXPECT_EQ(c.ct, root_ / "ct.nii.gz");
  EXPECT_TRUE(after.methods[1].cases[0].ct.empty());
  EXPECT_EQ(c.regions[1].metrics.dsc, before.methods[0].cases[0].regions[1].metrics.dsc);
  EXPECT_EQ(c.regions[1].lesions->predictions.size(), 2U);
  EXPECT_EQ(after.notes, before.notes);
  // Nothing was lost: the same document is written again.
  EXPECT_EQ(evaluation_json(after, root_ / "out"), text);
}

TEST_F(EvaluationJson, RefusesOtherDocuments) {
  const auto refusal = [&](const std::string& text) {
    try {
      read_evaluation_json(text, root_);
    } catch (const Error& error) {
      return std::pair(error.code(), std::string(error.what()));
    }
    return std::pair(ErrorCode::kInternal, std::string());
  };
  EXPECT_EQ(refusal("{").first, ErrorCode::kCorrupt);
  EXPECT_EQ(refusal("{}").first, ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(R"({"format": "hepar.evaluation/2"})").first, ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(R"({"format": "hepar.evaluation/3"})").first, ErrorCode::kUnsupported);
  EXPECT_THAT(refusal(R"({"format": "hepar.evaluation/3"})").second, HasSubstr("hepar.evaluation/3"));
}

}  // namespace
}  // namespace hepar
