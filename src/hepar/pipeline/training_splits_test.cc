// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/training_splits.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/pipeline/test_folder.h"

namespace hepar {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Names = std::vector<std::string>;

class TrainingSplits : public ScratchFolder {
 protected:
  SplitChoice by_file(const std::vector<Split>& splits) const {
    write_splits(root_ / "mine.json", splits);
    SplitChoice choice;
    choice.file = root_ / "mine.json";
    return choice;
  }
  static SplitChoice by_counts(const std::string& counts) {
    SplitChoice choice;
    choice.counts = counts;
    return choice;
  }
  ChosenSplits choose(const SplitChoice& choice, std::uint32_t fold = 0) const {
    return choose_splits(choice, cases_, {root_ / "none.json", root_ / "default.json"}, fold);
  }
  std::string refusal(const SplitChoice& choice, std::uint32_t fold = 0) const {
    try {
      choose(choice, fold);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
      return error.what();
    }
    return "nothing was refused";
  }
  Names cases_{"a", "b", "c", "d", "e", "f", "g"};
};

TEST_F(TrainingSplits, AreNnunetsFiveFoldsByDefault) {
  const ChosenSplits chosen = choose({});
  EXPECT_EQ(chosen.splits, cross_validation_splits(cases_));
  EXPECT_THAT(chosen.notes, IsEmpty());
}

TEST_F(TrainingSplits, OfAFolderComeFirst) {
  const std::vector<Split> own{{{"a"}, {"b"}}};
  write_splits(root_ / "default.json", own);
  const ChosenSplits chosen = choose({});
  EXPECT_EQ(chosen.splits, own);
  EXPECT_THAT(chosen.notes, ElementsAre("5 of the 7 cases are neither for training nor for validation"));
}

TEST_F(TrainingSplits, BeyondTheDefaultOnesAreNnunetsRandomOnes) {
  const ChosenSplits chosen = choose({}, 6);
  ASSERT_THAT(chosen.splits, SizeIs(7));
  EXPECT_EQ(chosen.splits[5], split_of_fold({}, cases_, 5));
  EXPECT_EQ(chosen.splits[6], split_of_fold({}, cases_, 6));
}

TEST_F(TrainingSplits, ByCountsAreCounted) {
  const ChosenSplits chosen = choose(by_counts("3/2"));
  EXPECT_EQ(chosen.splits, (std::vector<Split>{counted_split(cases_, 3, 2)}));
  EXPECT_THAT(chosen.notes, ElementsAre("2 of the 7 cases are neither for training nor for validation"));
  EXPECT_EQ(refusal(by_counts("110/20")), "a split 110/20 needs 130 cases, the dataset has 7");
  EXPECT_EQ(refusal(by_counts("0/2")), "a split 0/2 leaves no case to train on");
  for (const char* text : {"110", "3/2/1", "-3/2", "3/", "a/b"})
    EXPECT_THAT(refusal(by_counts(text)), HasSubstr(std::string("--split is '") + text)) << text;
  EXPECT_EQ(refusal(by_counts("3/2"), 1), "there is no fold 1: the splits are 1, numbered from 0");
}

TEST_F(TrainingSplits, OfAFileAreCheckedAgainstTheCases) {
  EXPECT_EQ(choose(by_file({{{"a"}, {"b"}}, {{"b"}, {"a"}}}), 1).splits[1].training, Names{"b"});
  EXPECT_THAT(refusal(by_file({{{"a"}, {"b"}}, {{"b"}, {"x"}}})),
              testing::AllOf(HasSubstr("fold 1 of"), HasSubstr("names the case x")));
  EXPECT_THAT(refusal(by_file({{{"a", "b"}, {"b", "c"}}})),
              HasSubstr("has the case b both for training and for validation"));
  EXPECT_THAT(refusal(by_file({{{"a"}, {"a"}}})), HasSubstr("the case a both"));
  EXPECT_THAT(refusal(by_file({{{}, {"a"}}})), HasSubstr("names no case"));
  EXPECT_THAT(choose(by_file({{{"a"}, {}}})).notes, testing::Contains("fold 0 has no case to validate on"));
}

TEST_F(TrainingSplits, OfOneCaseAreThatCaseTwiceAndSaySo) {
  cases_ = {"only"};
  const ChosenSplits chosen = choose({});
  EXPECT_EQ(chosen.splits, (std::vector<Split>{{{"only"}, {"only"}}}));
  EXPECT_THAT(chosen.notes, ElementsAre(HasSubstr("only is trained and validated on itself")));
  EXPECT_EQ(refusal({}, 1), "fold 1 has no case to train on");
}

TEST_F(TrainingSplits, OfARunStayTheSame) {
  const std::vector<Split> begun{{{"a"}, {"b"}}}, other{{{"b"}, {"a"}}}, more{{{"a"}, {"b"}}, {{"b"}, {"a"}}};
  write_run_splits(root_, begun);
  write_run_splits(root_, other);  // nothing was trained yet
  EXPECT_EQ(read_splits(root_ / "splits_final.json"), other);
  write_run_splits(root_, begun);
  make_folder(root_ / "fold_0");
  EXPECT_THROW(write_run_splits(root_, other), Error);
  EXPECT_EQ(read_splits(root_ / "splits_final.json"), begun);
  write_run_splits(root_, more);
  EXPECT_EQ(read_splits(root_ / "splits_final.json"), more);
  write_run_splits(root_, begun);
  EXPECT_EQ(read_splits(root_ / "splits_final.json"), more);
}

}  // namespace
}  // namespace hepar
