// SPDX-License-Identifier: Apache-2.0
// `hepar train` as a user runs it, up to where the trainer starts.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>

#include "hepar/core/file.h"
#include "hepar/io/image_io.h"
#include "hepar/recipe/recipe_fields.h"
#include "program_run.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class TrainCli : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    root() = fs::temp_directory_path() / ("hepar_train_cli_test_" + std::to_string(::getpid()));
    make_folder(root());
    ASSERT_EQ(run("phantom -o " + path("cohort") + " --cases 3 --seed 8 --quiet").status, 0);
  }
  static void TearDownTestSuite() { fs::remove_all(root()); }
  void TearDown() override {
    fs::remove_all(path("run"));
    fs::remove_all(path("changed"));
  }

  static fs::path& root() {
    static fs::path folder;
    return folder;
  }
  static std::string path(const std::string& name) { return (root() / name).string(); }
  static Outcome run(const std::string& arguments, const std::string& binary = HEPAR_BINARY) {
    return run_program(binary + " " + arguments, root());
  }
  // A copy of the cohort to spoil.
  static fs::path changed() {
    fs::copy(path("cohort"), path("changed"), fs::copy_options::recursive);
    return path("changed");
  }
  // One sentence on stderr, and no training was begun.
  static void expect_refused(const std::string& arguments, int status, const std::string& words) {
    const Outcome outcome = run("train " + arguments + " --quiet");
    EXPECT_EQ(outcome.status, status) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(outcome.err.starts_with("hepar: ")) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(words));
    EXPECT_FALSE(fs::exists(path("run") + "/hepar_train.json"));
    EXPECT_FALSE(fs::exists(path("run") + "/fold_0"));
  }
  static void expect_refused_cohort(const std::string& more, int status, const std::string& words) {
    expect_refused(path("cohort") + " -o " + path("run") + " --config small " + more, status, words);
  }
  // The program beside a trainer that is this shell script.
  static std::string with_trainer(const std::string& script) {
    make_folder(path("bin"));
    fs::copy_file(HEPAR_BINARY, path("bin/hepar"), fs::copy_options::skip_existing);
    write_text_file(path("bin/hepar-train"),
                    "#!/bin/sh\necho \"$@\" >> " + path("calls.txt") + "\n" + script);
    fs::permissions(path("bin/hepar-train"), fs::perms::owner_all);
    fs::remove(path("calls.txt"));
    return path("bin/hepar");
  }
  static constexpr const char* kSmall = " --config small";
};

TEST_F(TrainCli, HelpNamesEveryFieldOfARecipe) {
  const Outcome help = run("train --help");
  EXPECT_EQ(help.status, 0);
  for (const RecipeField& field : recipe_fields()) {
    std::string option = "  --" + field.name;
    std::replace(option.begin(), option.end(), '_', '-');
    EXPECT_THAT(help.out, HasSubstr(option));
  }
  for (const char* words :
       {"Recipe", "paper, nnunet, small", "sgd, adam", "--resume", "--splits", "--processes"})
    EXPECT_THAT(help.out, HasSubstr(words));
}

TEST_F(TrainCli, MistakesOnTheCommandLineAreNamed) {
  const std::string begin = "train " + path("cohort") + " -o " + path("run");
  const Outcome option = run(begin + " --learning-rte 1");
  EXPECT_EQ(option.status, 2);
  EXPECT_THAT(option.err, HasSubstr("did you mean --learning-rate?"));
  const Outcome both = run("train --resume " + path("run") + " --split 1/1");
  EXPECT_EQ(both.status, 2);
  EXPECT_THAT(both.err, HasSubstr("--resume goes on with what the run was begun with; leave out --split"));
  EXPECT_THAT(run(begin + " --split 1/1 --splits x.json").err, HasSubstr("not both"));
  EXPECT_THAT(run(begin + " --device gpu").err, HasSubstr("--device"));
  EXPECT_FALSE(fs::exists(path("run")));
}

TEST_F(TrainCli, ARecipeIsCheckedFirst) {
  const std::string begin = path("nowhere") + " -o " + path("run");
  expect_refused(begin + " --config papr", 2, "there is no recipe 'papr'; there are paper, nnunet, small");
  expect_refused(begin + " --dropout 2", 2, "dropout can't be '2'; give 0 to 0.95");
  expect_refused(begin + " --patch 64,64", 2, "patch can't be '64,64'; give D,H,W");
  write_text_file(path("recipe.json"), R"({"recipe": "small", "epoch": 3})");
  expect_refused(begin + " --config " + path("recipe.json"), 2, "recipe.json: a recipe has no 'epoch'");
  expect_refused("", 2, "give a dataset and the model folder to write with -o");
  expect_refused(begin, 3, "nowhere");
  expect_refused("--resume " + path("nowhere"), 3, "no training was begun there");
}

TEST_F(TrainCli, SplitsAreCheckedBeforeTheImages) {
  expect_refused_cohort("--split 110/20", 2, "a split 110/20 needs 130 cases, the dataset has 3");
  expect_refused_cohort("--split most", 2, "--split is 'most'");
  write_text_file(path("splits.json"), R"([{"train": ["phantom_000"], "val": ["phantom_007"]}])");
  expect_refused_cohort("--splits " + path("splits.json"), 2, "names the case phantom_007");
  write_text_file(path("splits.json"), R"([{"train": ["phantom_000"], "val": ["phantom_000"]}])");
  expect_refused_cohort("--splits " + path("splits.json"), 2, "both for training and for validation");
  write_text_file(path("splits.json"), R"([{"train": [], "val": ["phantom_000"]}])");
  expect_refused_cohort("--splits " + path("splits.json"), 2, "names no case");
  expect_refused_cohort("--split 2/1 --fold 1", 2, "there is no fold 1");
}

TEST_F(TrainCli, ScansThatJudgeMustNotBeTrainedOn) {
  make_folder(path("test"));
  fs::copy_file(path("cohort/imagesTr/phantom_001_0000.nii.gz"), path("test/renamed.nii.gz"));
  write_text_file(path("splits.json"),
                  R"([{"train": ["phantom_000", "phantom_001"], "val": ["phantom_002"]}])");
  expect_refused_cohort("--splits " + path("splits.json") + " --test-data " + path("test"), 2,
                        "test/renamed is train/phantom_001 (correlation 1.00)");
  const fs::path dataset = changed();
  fs::copy_file(dataset / "imagesTr/phantom_000_0000.nii.gz", dataset / "imagesTr/phantom_002_0000.nii.gz",
                fs::copy_options::overwrite_existing);
  expect_refused(dataset.string() + " -o " + path("run") + kSmall + " --splits " + path("splits.json"), 2,
                 "validation/phantom_002 is train/phantom_000");
}

TEST_F(TrainCli, BadCasesAreNamed) {
  const fs::path dataset = changed();
  const std::string begin = dataset.string() + " -o " + path("run") + kSmall;
  LabelMap labels = read_labels(dataset / "labelsTr/phantom_001.nii.gz").voxels;
  labels[{0, 0, 0}] = 9;
  write_labels(dataset / "labelsTr/phantom_001.nii.gz", labels);
  expect_refused(begin, 2, "the labels of phantom_001 have the value 9, which dataset.json does not name");
  fs::remove_all(path("run"));  // where phantom_000 is prepared already
  CtVolume ct = read_ct(dataset / "imagesTr/phantom_000_0000.nii.gz").voxels;
  ct[{1, 2, 3}] = std::numeric_limits<float>::quiet_NaN();
  write_ct(dataset / "imagesTr/phantom_000_0000.nii.gz", ct);
  expect_refused(begin, 2, "phantom_000_0000.nii.gz has 1 voxels that are not numbers");
}

// The trainer is replaced by a script that puts the model that comes with Hepar in place.
TEST_F(TrainCli, ATrainedModelIsValidatedOnTheImagesGrids) {
  const std::string binary =
      with_trainer("test $1 = --resume || { mkdir -p $3/fold_0 && cp -r " HEPAR_DEMO_MODEL "/* $3; }\n");
  const std::string run_folder = path("run");
  const Outcome outcome = run("train " + path("cohort") + " -o " + run_folder + kSmall +
                                  " --split 2/1 --epochs 7 --threads 2 --workers 1",
                              binary);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(
      read_text_file(path("calls.txt")),
      AllOf(HasSubstr(run_folder + "/preprocessed/3d_fullres -o " + run_folder + " --splits " + run_folder +
                      "/splits_final.json --configuration 3d_fullres --fold 0 --device cpu --threads 2 "
                      "--workers 1 --config small "),
            HasSubstr(" --epochs 7 ")));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("Validation of fold 0"), HasSubstr("liver   0.9")));
  EXPECT_THAT(read_text_file(run_folder + "/fold_0/validation/summary.json"),
              AllOf(HasSubstr("\"foreground_mean\""), HasSubstr("\"(1, 2, 3)\"")));
  const Outcome again = run("train --resume " + run_folder + " --json", binary);
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_THAT(read_text_file(path("calls.txt")),
              HasSubstr("\n--resume " + run_folder + " --fold 0 --device cpu"));
  EXPECT_THAT(again.out, AllOf(HasSubstr("\"hepar.trained/1\""), HasSubstr("\"validation_cases\": 1")));
}

TEST_F(TrainCli, ATrainersFailureIsPassedOn) {
  const std::string begin = "train " + path("cohort") + " -o " + path("run") + kSmall + " --quiet";
  const Outcome full = run(begin, with_trainer("echo 'hepar-train: the disk is full' >&2; exit 6\n"));
  EXPECT_EQ(full.status, 6);
  EXPECT_THAT(full.err, HasSubstr("hepar-train: the disk is full\nhepar: the training ended early"));
  const Outcome killed = run(begin, with_trainer("kill -9 $$\n"));
  EXPECT_EQ(killed.status, 6);
  EXPECT_THAT(killed.err, AllOf(HasSubstr("signal 9"), HasSubstr("--resume " + path("run"))));
  const Outcome one_of_two =
      run(begin + " --processes 2", with_trainer("test $RANK = 1 && exit 5; exec sleep 86400\n"));
  EXPECT_EQ(one_of_two.status, 5);
  EXPECT_FALSE(fs::exists(path("run") + "/fold_0/validation"));
}

}  // namespace
}  // namespace hepar
