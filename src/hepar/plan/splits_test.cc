// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/splits.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using Names = std::vector<std::string>;

nlohmann::json unit_index() {
  return nlohmann::json::parse(std::ifstream(HEPAR_GOLDEN "/nnunet/unit/index.json"));
}

TEST(CrossValidationSplits, AreNnunetsFor6To131Cases) {
  const auto index = unit_index();
  ASSERT_EQ(index.at("splits").size(), 4U);
  for (const auto& example : index.at("splits")) {
    Names cases = example.at("ids");
    std::reverse(cases.begin(), cases.end());  // any order will do
    const auto splits = cross_validation_splits(cases);
    ASSERT_EQ(splits.size(), example.at("splits").size());
    for (std::size_t fold = 0; fold < splits.size(); ++fold) {
      EXPECT_EQ(splits[fold].training, example["splits"][fold]["train"].get<Names>());
      EXPECT_EQ(splits[fold].validation, example["splits"][fold]["val"].get<Names>());
    }
  }
}

TEST(CrossValidationSplits, AreAsManyAsCasesWhereThereAreFew) {
  const auto splits = cross_validation_splits({"c", "a", "b"});
  ASSERT_EQ(splits.size(), 3U);
  Names validated;
  for (const Split& split : splits) {
    EXPECT_EQ(split.training.size(), 2U);
    ASSERT_EQ(split.validation.size(), 1U);
    EXPECT_FALSE(std::count(split.training.begin(), split.training.end(), split.validation[0]));
    validated.push_back(split.validation[0]);
  }
  std::sort(validated.begin(), validated.end());
  EXPECT_THAT(validated, ElementsAre("a", "b", "c"));
  EXPECT_EQ(cross_validation_splits({"a"}), (std::vector<Split>{{{"a"}, {"a"}}}));
  EXPECT_THROW(cross_validation_splits({}), Error);
}

// numpy.random.RandomState(12345).permutation(7) is 6 3 4 0 1 5 2.
TEST(CountedSplit, TakesTheFirstOfTheShuffledNames) {
  const Split split = counted_split({"g", "b", "c", "d", "e", "f", "a"}, 3, 2);
  EXPECT_THAT(split.training, ElementsAre("d", "e", "g"));
  EXPECT_THAT(split.validation, ElementsAre("a", "b"));
  EXPECT_THROW(counted_split({"a", "b"}, 2, 1), Error);
  EXPECT_THROW(counted_split({"a", "b"}, 0, 1), Error);
}

// unit/index.json has the indices that nnU-Net trains on in fold 5 of 20 cases.
TEST(SplitOfFold, IsRandomBeyondTheLast) {
  const auto expected = unit_index().at("random_80_20_fold5");
  Names cases;
  for (int n = 10; n < 30; ++n) cases.push_back(std::to_string(n));
  const std::vector<Split> splits = cross_validation_splits(cases);
  const Split split = split_of_fold(splits, cases, 5);
  Names training;
  for (const std::size_t n : expected.at("tr").get<std::vector<std::size_t>>()) training.push_back(cases[n]);
  EXPECT_EQ(split.training, training);
  EXPECT_THAT(split.validation, ElementsAre("12", "26", "27", "29"));  // the four that are not among them
  EXPECT_EQ(split_of_fold(splits, cases, 4), splits[4]);
}

class SplitsFile : public testing::Test {
 protected:
  SplitsFile() { fs::create_directory(folder_); }
  ~SplitsFile() override { fs::remove_all(folder_); }
  std::string fault(const std::string& text) const {
    write_text_file(file_, text);
    try {
      read_splits(file_);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }
  const fs::path folder_ = fs::temp_directory_path() / ("hepar_splits_" + std::to_string(::getpid()));
  const fs::path file_ = folder_ / "splits_final.json";
};

TEST_F(SplitsFile, IsReadAsWritten) {
  const auto splits = cross_validation_splits({"a", "b", "c", "d", "e", "f", "g"});
  write_splits(file_, splits);
  EXPECT_EQ(read_splits(file_), splits);
}

TEST_F(SplitsFile, IsRefusedByNameWhenItIsNone) {
  EXPECT_THAT(fault("["), HasSubstr("splits_final.json is not JSON"));
  EXPECT_THAT(fault("{}"), HasSubstr("is not a list"));
  EXPECT_THAT(fault("[]"), HasSubstr("holds no split"));
  EXPECT_THAT(fault(R"([{"train": ["a"]}])"), HasSubstr("'[0].val' is missing"));
  EXPECT_THAT(fault(R"([{"train": [], "val": ["a"]}])"), HasSubstr("'[0].train' names no case"));
  EXPECT_THAT(fault(R"([{"train": [1], "val": ["a"]}])"), HasSubstr("'[0].train[0]' is not a text"));
  EXPECT_THROW(read_splits(folder_ / "none.json"), Error);
}

}  // namespace
}  // namespace hepar
