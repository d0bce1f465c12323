// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/evaluate.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/io/image_io.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;

LabelMap line(std::initializer_list<std::uint8_t> values) {
  LabelMap labels({.size = {static_cast<std::int64_t>(values.size()), 1, 1}, .spacing_mm = {2, 1, 1}});
  std::copy(values.begin(), values.end(), labels.voxels().begin());
  return labels;
}

class EvaluateTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("hepar_evaluate_test_" + std::to_string(::getpid()));
    for (const char* folder : {"p", "r"}) make_folder(root_ / folder);
  }
  void TearDown() override { fs::remove_all(root_); }
  fs::path root_;
};

TEST_F(EvaluateTest, LiverIsAllThreeLabelsTogether) {
  const CaseMetrics metrics = evaluate_case("a", line({0, 1, 2, 3, 0}), line({0, 3, 1, 2, 0}));
  EXPECT_DOUBLE_EQ(metrics.liver.dsc.value(), 1.0);
  EXPECT_DOUBLE_EQ(metrics.tumour.dsc.value(), 0.0);
  // One voxel each, one step of 2 mm apart.
  EXPECT_DOUBLE_EQ(metrics.tumour.hd95_mm.value(), 2.0);
}

TEST_F(EvaluateTest, UndefinedNumbersAreNullInJson) {
  Evaluation evaluation;
  evaluation.cases.push_back(evaluate_case("a", line({1, 1}), line({1, 0})));
  const auto document = nlohmann::json::parse(evaluation_json(evaluation));
  EXPECT_EQ(document["format"], "hepar.evaluation/1");
  EXPECT_TRUE(document["cases"][0]["regions"]["cyst"]["dsc"].is_null());
  EXPECT_TRUE(document["summary"]["cyst"]["dsc"]["mean"].is_null());
  EXPECT_EQ(document["summary"]["cyst"]["dsc"]["n"], 0);
  // 2 * 1 / (2 + 1)
  EXPECT_DOUBLE_EQ(document["summary"]["liver"]["dsc"]["mean"].get<double>(), 2.0 / 3.0);
  EXPECT_TRUE(document["summary"]["liver"]["dsc"]["sd"].is_null());
}

TEST_F(EvaluateTest, FoldersArePairedByName) {
  write_labels(root_ / "p" / "a.nii.gz", line({1, 2}));
  write_labels(root_ / "p" / "only.nii.gz", line({1, 2}));
  write_labels(root_ / "r" / "a.nii.gz", line({1, 2}));
  make_folder(root_ / "p" / "b");
  write_labels(root_ / "p" / "b" / "labels.nii.gz", line({1, 2}));
  write_labels(root_ / "r" / "b.nii.gz", line({1, 2}));
  const Evaluation evaluation = evaluate(root_ / "p", root_ / "r");
  ASSERT_EQ(evaluation.cases.size(), 2U);
  EXPECT_EQ(evaluation.cases[1].case_name, "b");
  ASSERT_EQ(evaluation.notes.size(), 1U);
  EXPECT_EQ(evaluation.notes[0], "only has no reference and was left out");
}

TEST_F(EvaluateTest, RefusesWhatCannotBeCompared) {
  write_labels(root_ / "p" / "a.nii.gz", line({1, 2}));
  EXPECT_THROW(evaluate(root_ / "p", root_ / "r"), Error);
  EXPECT_THROW(evaluate(root_ / "p" / "a.nii.gz", root_ / "r"), Error);
  EXPECT_THROW(evaluate(root_ / "none", root_ / "r"), Error);
  EXPECT_THROW(evaluate_case("a", line({1, 2}), line({1, 2, 0})), Error);
  EXPECT_THROW(evaluate_case("a", line({1, 4}), line({1, 2})), Error);
}

}  // namespace
}  // namespace hepar
