// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/training_case.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/train/test_dataset.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::ScratchFolder;
using ::testing::SizeIs;

template <class Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

template <class Call>
ErrorCode code_of(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kInternal;
}

class TrainingCaseTest : public ::testing::Test {
 protected:
  TrainingCaseTest() : folder_("hepar_training_case"), file_(folder_.path() / "a.safetensors") {}

  // A case of 1 x 2 x 3 voxels from these tensors, without locations.1 when `classes` is 1.
  void write(const std::vector<std::int64_t>& image_shape, ElementType label_type,
             const std::vector<std::int64_t>& locations, int classes = 2) const {
    std::int64_t count = 1;
    for (const std::int64_t n : image_shape) count *= n;
    const std::vector<float> image(static_cast<std::size_t>(count));
    const std::vector<std::byte> labels(label_type == ElementType::kUInt8 ? 6 : 12);
    const auto offsets = std::as_bytes(std::span(locations));
    const std::vector<std::int64_t> length{static_cast<std::int64_t>(locations.size())};
    std::vector<TensorToWrite> tensors{
        {"image", ElementType::kFloat32, image_shape, std::as_bytes(std::span(image))},
        {"labels", label_type, {1, 2, 3}, labels}};
    for (int n = 0; n < classes; ++n)
      tensors.push_back({"locations." + std::to_string(n), ElementType::kInt64, length, offsets});
    write_safetensors(file_, tensors);
  }
  std::string fault(const DatasetLabels& labels = testing::region_labels()) const {
    return message_of([&] { TrainingCase(file_, 1, labels); });
  }

  ScratchFolder folder_;
  fs::path file_;
};

TEST_F(TrainingCaseTest, HoldsWhatThePreprocessingWrote) {
  testing::write_case(file_, {1, 2, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {0, 1, 2, 3, -1, 2});
  const TrainingCase source(file_, 2, testing::region_labels());
  EXPECT_EQ(source.name(), "a");
  EXPECT_EQ(source.channels(), 2);
  EXPECT_THAT(source.size(), ElementsAre(1, 2, 3));
  EXPECT_THAT(source.image(), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  EXPECT_THAT(source.labels(), ElementsAre(0, 1, 2, 3, -1, 2));
  ASSERT_EQ(source.class_count(), 2U);
  EXPECT_EQ(source.location_count(0), 4U);  // labels 1, 2 and 3
  ASSERT_EQ(source.location_count(1), 2U);  // label 2
  EXPECT_EQ(source.location(1, 0), 2);
  EXPECT_EQ(source.location(1, 1), 5);
}

TEST_F(TrainingCaseTest, StaysTheSameWhenMoved) {
  testing::write_case(file_, {1, 1, 2}, {7, 8}, {1, 2});
  std::vector<TrainingCase> cases;
  cases.emplace_back(file_, 1, testing::region_labels());
  const TrainingCase moved = std::move(cases[0]);
  EXPECT_THAT(moved.image(), ElementsAre(7, 8));
  EXPECT_EQ(moved.location(1, 0), 1);
}

TEST_F(TrainingCaseTest, HasAClassMoreWithAnIgnoreLabel) {
  write({1, 1, 2, 3}, ElementType::kInt16, {0, 1, 2}, 3);
  DatasetLabels labels = testing::region_labels();
  labels.ignore_label = 4;
  EXPECT_EQ(TrainingCase(file_, 1, labels).class_count(), 3U);
  write({1, 1, 2, 3}, ElementType::kInt16, {0, 1, 2}, 2);
  EXPECT_THAT(fault(labels), HasSubstr("no tensor 'locations.2'"));
}

TEST_F(TrainingCaseTest, NamesWhatDoesNotFit) {
  write({1, 1, 2, 4}, ElementType::kInt16, {});
  EXPECT_THAT(fault(),
              HasSubstr("a.safetensors is no preprocessed case: its image has the shape [1, 1, 2, 4], "
                        "where the plans and its labels want [1, 1, 2, 3]"));
  write({2, 1, 2, 3}, ElementType::kInt16, {});
  EXPECT_THAT(fault(), HasSubstr("shape [2, 1, 2, 3]"));
  write({1, 2, 3}, ElementType::kInt16, {});
  EXPECT_THAT(fault(), HasSubstr("'image' has the shape [1, 2, 3], 4 axes are needed"));
  write({1, 1, 2, 3}, ElementType::kUInt8, {});
  EXPECT_THAT(fault(), HasSubstr("'labels' is of another number type"));
  write({1, 1, 2, 3}, ElementType::kInt16, {}, 1);
  EXPECT_THAT(fault(), HasSubstr("no tensor 'locations.1'"));
  EXPECT_EQ(code_of([&] { TrainingCase(file_, 1, testing::region_labels()); }), ErrorCode::kCorrupt);
}

TEST_F(TrainingCaseTest, RefusesALocationOutside) {
  write({1, 1, 2, 3}, ElementType::kInt16, {5, 6, -1});
  const TrainingCase source(file_, 1, testing::region_labels());
  EXPECT_EQ(source.location(0, 0), 5);
  EXPECT_THAT(message_of([&] { source.location(0, 1); }), HasSubstr("holds 6, and there are 6 voxels"));
  EXPECT_EQ(code_of([&] { source.location(0, 2); }), ErrorCode::kCorrupt);
}

class SplitTest : public ::testing::Test {
 protected:
  SplitTest() : folder_("hepar_split"), file_(folder_.path() / "splits_final.json") {
    write_text_file(file_, R"([{"train": ["b", "c"], "val": ["a"]}, {"train": ["a"], "val": []}])");
  }
  ScratchFolder folder_;
  fs::path file_;
};

TEST_F(SplitTest, IsThatOfTheFold) {
  EXPECT_THAT(read_split(file_, "0").training, ElementsAre("b", "c"));
  EXPECT_THAT(read_split(file_, "0").validation, ElementsAre("a"));
  EXPECT_THAT(read_split(file_, "1").training, ElementsAre("a"));
  EXPECT_THAT(read_split(file_, "1").validation, IsEmpty());
}

TEST_F(SplitTest, OfAllHasEveryCaseTwice) {
  const CaseSplit split = read_split(file_, "all");
  EXPECT_THAT(split.training, ElementsAre("a", "b", "c"));
  EXPECT_THAT(split.validation, ElementsAre("a", "b", "c"));
}

TEST_F(SplitTest, NamesTheFoldsThereAre) {
  for (const char* fold : {"2", "-1", "x", "", "99999999999999999999"}) {
    EXPECT_THAT(message_of([&] { read_split(file_, fold); }), HasSubstr("has 2 folds")) << fold;
    EXPECT_EQ(code_of([&] { read_split(file_, fold); }), ErrorCode::kInvalidInput);
  }
}

TEST_F(SplitTest, NamesADamagedFile) {
  write_text_file(file_, "{");
  EXPECT_THAT(message_of([&] { read_split(file_, "0"); }), HasSubstr("splits_final.json is not JSON"));
  write_text_file(file_, R"([{"train": ["a"]}])");
  EXPECT_THAT(message_of([&] { read_split(file_, "0"); }), HasSubstr("'[0].val' is missing"));
  write_text_file(file_, "[]");
  EXPECT_THAT(message_of([&] { read_split(file_, "all"); }), HasSubstr("has 0 folds"));
}

class OpenPreprocessed : public ::testing::Test {
 protected:
  OpenPreprocessed() : folder_("hepar_preprocessed") { testing::write_dataset(folder_.path(), 3); }
  PreprocessedDataset open(const CaseSplit& split) const {
    return open_preprocessed(folder_.path(), "3d_fullres", split);
  }
  ScratchFolder folder_;
};

TEST_F(OpenPreprocessed, ReadsPlanLabelsAndCases) {
  const PreprocessedDataset dataset = open({{"case_2", "case_0"}, {"case_1"}});
  ASSERT_THAT(dataset.training, SizeIs(2));
  EXPECT_EQ(dataset.training[0].name(), "case_2");
  ASSERT_THAT(dataset.validation, SizeIs(1));
  EXPECT_EQ(dataset.validation[0].name(), "case_1");
  EXPECT_EQ(dataset.labels.regions[0].first, "liver");
  EXPECT_EQ(dataset.plan.network.heads, 2);
  EXPECT_EQ(dataset.plan.network.input_channels, 1);
  EXPECT_THAT(open({{"case_0"}, {}}).validation, IsEmpty());
}

TEST_F(OpenPreprocessed, RefusesAFoldWithoutTrainingCases) {
  EXPECT_THAT(message_of([&] { open({{}, {"case_0"}}); }), HasSubstr("no case"));
  EXPECT_EQ(code_of([&] { open({{}, {"case_0"}}); }), ErrorCode::kInvalidInput);
}

TEST_F(OpenPreprocessed, NamesACaseThatIsNotThere) {
  EXPECT_THAT(message_of([&] {
                open({{"case_7"}, {}});
              }),
              HasSubstr("the case case_7 of the split is not in"));
  EXPECT_EQ(code_of([&] { open({{"case_7"}, {}}); }), ErrorCode::kMissing);
}

TEST_F(OpenPreprocessed, RefusesOtherChannelsThanPlanned) {
  write_text_file(folder_.path() / "dataset.json",
                  R"({"channel_names": {"0": "CT", "1": "PET"}, "labels": {"background": 0, "liver": 1}})");
  EXPECT_THAT(message_of([&] { open({{"case_0"}, {}}); }), HasSubstr("has 2 channels"));
}

TEST_F(OpenPreprocessed, RefusesASecondStage) {
  ModelPlan plan = testing::tiny_plan();
  plan.previous_stage = "3d_lowres";
  write_plan(folder_.path() / "plans.json", plan, "Test");
  EXPECT_THAT(message_of([&] { open({{"case_0"}, {}}); }), HasSubstr("labels of 3d_lowres"));
  EXPECT_EQ(code_of([&] { open({{"case_0"}, {}}); }), ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace hepar
