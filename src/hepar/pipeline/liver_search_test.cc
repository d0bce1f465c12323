// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/liver_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hepar/core/error.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/segment.h"
#include "hepar/pipeline/test_folder.h"
#include "hepar/pipeline/test_model.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using namespace test_model;
using testing::HasSubstr;

SearchRecord near(std::int64_t covered, std::int64_t run, int passes = 1) {
  SearchRecord record;
  record.effective = Search::kLabels;
  record.windows = 32;
  record.windows_covered = covered;
  record.windows_run = run;
  record.coarse_windows = 4;
  record.coarse_seconds = 1.5;
  record.passes = passes;
  return record;
}

TEST(SearchNote, SaysNothingWhereAllWindowsRan) {
  SearchRecord full;
  full.windows = full.windows_covered = full.windows_run = 8;
  EXPECT_EQ(search_note(full), "");
  EXPECT_EQ(search_note(near(32, 50, 2)), "");
}

TEST(SearchNote, SaysWhatWasSkipped) {
  SearchRecord body = near(3, 3);
  body.effective = Search::kBody;
  body.coarse_windows = 0;
  EXPECT_EQ(search_note(body),
            "3 of the full grid's 32 windows ran; the others hold nothing but air and count as background");
  EXPECT_EQ(search_note(near(18, 18)),
            "18 of the full grid's 32 windows ran, after a coarse pass of 4 windows; all others count "
            "as background");
  // 14 and 18 windows: as many as the grid has, but not all of them.
  EXPECT_EQ(search_note(near(18, 32, 2)),
            "18 of the full grid's 32 windows ran in 2 passes of 32 windows in all, after a coarse pass of 4 "
            "windows; all others count as background");
  SearchRecord parts = near(18, 18);
  parts.dropped_parts = 2;
  parts.dropped_ml = 1.25;
  EXPECT_THAT(search_note(parts), HasSubstr("without a lesion (2, 1.2 mL in all)"));
}

TEST(SearchNote, SaysWhyTheLiverWasNotSearchedFor) {
  SearchRecord never = near(30, 30);
  never.effective = Search::kBody;
  never.coarse_windows = 0;
  never.not_searched = "it rained";
  EXPECT_EQ(
      search_note(never),
      "there was no search near the liver, as it rained: 30 of the full grid's 32 windows ran; the others "
      "hold nothing but air and count as background");
  SearchRecord fell = near(32, 50, 2);
  fell.effective = Search::kBody;
  fell.fallback = "it snowed";
  EXPECT_EQ(search_note(fell),
            "the search near the liver was given up, as it snowed: 32 of the full grid's 32 windows ran in 2 "
            "passes of 50 windows in all, after a coarse pass of 4 windows");
}

// The golden model: regions liver and cancer.
class LiverSearchTest : public ScratchFolder {
 protected:
  void SetUp() override {
    ScratchFolder::SetUp();
    write_changed_model(model_, "3d_fullres", [](Weights&) {});
  }
  // With the labels' meaning by name, or another.
  LiverSearch plan(const std::optional<LiverLabels>& meaning = {}) const {
    Model model = load_model(model_, engine_factory());
    return plan_liver_search({.search = Search::kLabels}, model,
                             meaning.value_or(find_liver_values(model.folder().labels)), engine_factory());
  }
  void expect_error(const std::string& said) const {
    try {
      plan();
      ADD_FAILURE() << "no error; wanted: " << said;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(said));
    }
  }
  SegmentRequest request(Search search) const {
    SegmentRequest request;
    request.ct.path = kScan;
    request.model = model_;
    request.output = root_ / "out";
    request.inference = {.step_fraction = 1, .mirror = false, .search = search};
    return request;
  }
  void damage_coarse_model() const {
    write_changed_model(coarse_, "3d_fullres", [](Weights&) {});
    write_text_file(coarse_ / "fold_0/checkpoint_final.safetensors", "damaged");
  }
  void name_labels(const fs::path& folder, const char* whole, const char* part) const {
    edit(folder / "dataset.json", [&](Json& dataset) {
      dataset["labels"] = {{"background", 0}, {whole, {1, 2}}, {part, 2}};
    });
  }
  const fs::path model_ = root_ / "model", coarse_ = model_ / "coarse";
};

TEST_F(LiverSearchTest, LooksForLiverAndTumourOfBothModels) {
  write_changed_model(coarse_, "3d_fullres", [](Weights&) {});
  const LiverSearch search = plan();
  EXPECT_EQ(search.options.search, Search::kLabels);
  for (const WantedLabels& wanted : {search.options.searched.own, search.options.searched.coarse}) {
    EXPECT_THAT(wanted.liver, testing::ElementsAre(1));
    EXPECT_THAT(wanted.lesions, testing::ElementsAre(2));
  }
  EXPECT_EQ(search.not_searched, "");
}

TEST_F(LiverSearchTest, IsLeftOutOfAModelThatHasOtherOrgans) {
  damage_coarse_model();  // of no use, so that nothing is said of it
  const LiverSearch search = plan(LiverLabels{.liver = {1}, .tumour = {1}, .cyst = {}, .others = {"spleen"}});
  EXPECT_EQ(search.options.search, Search::kBody);
  EXPECT_THAT(search.not_searched, HasSubstr("spleen"));
}

TEST_F(LiverSearchTest, OfAModelOfTumoursAloneNeedsACoarseOneWithALiver) {
  const LiverLabels tumours{.liver = {}, .tumour = {1, 2}, .cyst = {}};
  EXPECT_EQ(plan(tumours).options.search, Search::kBody);
  EXPECT_THAT(plan(tumours).not_searched, HasSubstr("no label named as a liver"));
  write_changed_model(coarse_, "3d_fullres", [](Weights&) {});
  const LiverSearch search = plan(tumours);
  EXPECT_EQ(search.options.search, Search::kLabels);
  EXPECT_THAT(search.options.searched.own.liver, testing::IsEmpty());
  EXPECT_THAT(search.options.searched.coarse.liver, testing::ElementsAre(1));
  name_labels(coarse_, "spleen", "kidney");
  EXPECT_EQ(plan(tumours).options.search, Search::kBody);
}

TEST_F(LiverSearchTest, NamesWhatIsWrongWithTheCoarseModel) {
  fs::create_directories(coarse_);
  expect_error("reading the coarse model in");
  write_changed_model(coarse_, "3d_fullres", [](Weights&) {});
  name_labels(coarse_, "spleen", "kidney");
  expect_error("has no label named as a liver, it has spleen, kidney");
  damage_coarse_model();
  expect_error("reading the coarse model in");
}

// No more than the search needs: a coarse model has none of its own.
TEST_F(LiverSearchTest, ReadsOneCoarseModelAndOnlyForItself) {
  damage_coarse_model();
  EXPECT_NO_THROW(segment_case(request(Search::kFull), engine_factory()));
  EXPECT_NO_THROW(segment_case(request(Search::kBody), engine_factory()));
  EXPECT_NO_THROW(load_model(model_, engine_factory()));  // as `hepar predict` does
  EXPECT_THROW(segment_case(request(Search::kLabels), engine_factory()), Error);
  write_changed_model(coarse_, "3d_fullres", [](Weights&) {});
  make_folder(coarse_ / "coarse");
  EXPECT_EQ(plan().options.search, Search::kLabels);
}

TEST_F(LiverSearchTest, IsWrittenDownWithTheRun) {
  write_changed_model(coarse_, "3d_fullres", [](Weights&) {});
  segment_case(request(Search::kLabels), engine_factory());
  const RunRecord run = read_run_record(root_ / "out").value();
  EXPECT_EQ(run.options.at("search"), "liver");
  EXPECT_GE(run.search->windows_run, 1);
  EXPECT_GE(run.search->coarse_windows, 1);
  // Few minutes of training: what this model finds on noise is no liver's volume.
  EXPECT_EQ(run.search->effective, Search::kBody);
  EXPECT_THAT(run.search->fallback, HasSubstr("mL"));
}

TEST_F(LiverSearchTest, SaysWhyItDidLessThanAsked) {
  name_labels(model_, "spleen", "kidney");
  const SegmentResult result = segment_case(request(Search::kLabels), engine_factory());
  EXPECT_THAT(result.notes, testing::Contains(HasSubstr("there was no search near the liver, as no label")));
  const RunRecord run = read_run_record(root_ / "out").value();
  EXPECT_EQ(run.options.at("search"), "liver");
  EXPECT_EQ(run.search->effective, Search::kBody);
  EXPECT_THAT(run.search->not_searched, HasSubstr("no label is known to be the liver's"));
}

}  // namespace
}  // namespace hepar
