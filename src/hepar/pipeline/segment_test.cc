// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hepar/core/error.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/test_folder.h"
#include "hepar/pipeline/test_model.h"

namespace hepar {
namespace {

LabelMap row(std::initializer_list<std::uint8_t> values) {
  LabelMap labels({.size = {static_cast<std::int64_t>(values.size()), 1, 1}, .spacing_mm = {10, 10, 10}});
  std::copy(values.begin(), values.end(), labels.voxels().begin());
  return labels;
}

TEST(DropLiverIslands, KeepsTheLiverAndEveryTumour) {
  // Parts: 1 voxel, 3 voxels (the liver), 2 voxels with tumour, 1 voxel; two of 1 mL each go.
  LabelMap labels = row({1, 0, 1, 2, 1, 0, 1, 2, 0, 1});
  const std::string note = drop_liver_islands(labels);
  EXPECT_THAT(labels.voxels(), testing::ElementsAre(0, 0, 1, 2, 1, 0, 1, 2, 0, 0));
  EXPECT_THAT(note, testing::StartsWith("2 islands of predicted liver (2.0 mL in all"));
}

TEST(DropLiverIslands, SaysNothingWhenThereIsNothingToDrop) {
  LabelMap one = row({0, 1, 1, 0});
  EXPECT_EQ(drop_liver_islands(one), "");
  LabelMap none = row({0, 0});
  EXPECT_EQ(drop_liver_islands(none), "");
}

TEST(SearchNote, SaysWhatWasSkippedAndWhy) {
  EXPECT_EQ(search_note({.windows = 8, .windows_run = 8, .passes = 1, .fallback = {}}), "");
  EXPECT_EQ(search_note({.windows = 8, .windows_run = 3, .passes = 1, .fallback = {}}),
            "3 of the full grid's 8 windows ran; all others count as background");
  EXPECT_EQ(search_note({.windows = 32,
                         .windows_run = 21,
                         .coarse_windows = 4,
                         .passes = 2,
                         .coarse_seconds = 1.5,
                         .fallback = {}}),
            "21 of the full grid's 32 windows ran in 2 passes, after a coarse pass of 4 windows (1.5 s); all "
            "others "
            "count as background");
  EXPECT_EQ(
      search_note(
          {.windows = 8, .windows_run = 8, .coarse_windows = 1, .passes = 1, .fallback = "it rained"}),
      "all windows ran after the search near the liver, as it rained (8 windows in all, and 1 of the coarse "
      "pass)");
}

using namespace test_model;
namespace fs = std::filesystem;

// The golden model: regions liver and cancer.
class LiverSearchTest : public ScratchFolder {
 protected:
  void SetUp() override {
    ScratchFolder::SetUp();
    write_changed_model(model_, "3d_fullres", [](Weights&) {});
  }
  void expect_error(const std::string& said) const {
    std::vector<std::string> notes;
    try {
      with_liver_search({.search = Search::kLabels}, load_liver_model(model_, engine_factory()), notes);
      ADD_FAILURE() << "no error; wanted: " << said;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(said));
    }
  }
  const fs::path model_ = root_ / "model", coarse_ = model_ / "coarse";
};

TEST_F(LiverSearchTest, LooksForLiverAndTumourOfBothModels) {
  write_changed_model(coarse_, "3d_fullres", [](Weights&) {});
  std::vector<std::string> notes;
  const PredictOptions options =
      with_liver_search({.search = Search::kLabels}, load_liver_model(model_, engine_factory()), notes);
  EXPECT_EQ(options.search, Search::kLabels);
  EXPECT_THAT(options.searched.own, testing::IsSupersetOf({1, 2}));
  EXPECT_THAT(options.searched.coarse, testing::ElementsAre(1, 2));
  EXPECT_THAT(notes, testing::IsEmpty());
}

TEST_F(LiverSearchTest, IsLeftOutOfAModelThatHasOtherOrgans) {
  edit(model_ / "dataset.json", [](Json& dataset) {
    dataset["labels"] = {{"background", 0}, {"liver", {1, 2}}, {"spleen", 2}};
    dataset["regions_class_order"] = {1, 2};
  });
  LiverModel model{load_model_stages(model_, engine_factory()),
                   {.liver = {1}, .tumour = {1}, .cyst = {}, .others = {"spleen"}}};
  std::vector<std::string> notes;
  EXPECT_EQ(with_liver_search({.search = Search::kLabels}, model, notes).search, Search::kBody);
  EXPECT_THAT(notes, testing::ElementsAre(testing::HasSubstr("spleen")));
}

TEST_F(LiverSearchTest, NamesWhatIsWrongWithTheCoarseModel) {
  fs::create_directories(coarse_);
  expect_error("reading the coarse model in");
  write_changed_model(coarse_, "3d_fullres", [](Weights&) {});
  edit(coarse_ / "dataset.json", [](Json& dataset) {
    dataset["labels"] = {{"background", 0}, {"spleen", {1, 2}}, {"kidney", 2}};
  });
  expect_error("has no label named as a liver, it has spleen, kidney");
  write_text_file(coarse_ / "fold_0/checkpoint_final.safetensors", "damaged");
  expect_error("reading the coarse model in");
}

TEST_F(LiverSearchTest, IsWrittenDownWithTheRun) {
  write_changed_model(coarse_, "3d_fullres", [](Weights&) {});
  SegmentRequest request;
  request.ct.path = kScan;
  request.model = model_;
  request.output = root_ / "out";
  request.inference.search = Search::kLabels;
  segment_case(request, engine_factory());
  const RunRecord run = read_run_record(request.output).value();
  EXPECT_EQ(run.options.at("search"), "liver");
  EXPECT_GE(run.search.at("windows_run"), 1);
  EXPECT_GE(run.search.at("coarse_windows"), 1);
}

TEST(LoadModel, NamesAFolderThatIsNoModel) { EXPECT_THROW(load_model("/nowhere/at/all", nullptr), Error); }

}  // namespace
}  // namespace hepar
