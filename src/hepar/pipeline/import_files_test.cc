// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/import_files.h"

#include <gmock/gmock.h>

#include "hepar/pipeline/test_folder.h"
#include "hepar/pipeline/test_import.h"

namespace hepar::importing {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

using DatasetFilesTest = ScratchFolder;

// What a run leaves that is killed between the two moves: the labels of the new case never arrive.
TEST_F(DatasetFilesTest, NoImageEverLiesBesideLabelsOfAnother) {
  const DatasetFiles files(root_ / "dataset");
  files.stage({import_ct(), import_labels(), {}});
  files.publish("a");
  ASSERT_TRUE(files.has("a"));
  files.stage({CtVolume(import_grid(), 7.0F), import_labels(), {}});
  for (const fs::path& entry : entries_of(files.root())) {
    if (last_name(entry).starts_with(".part")) fs::remove(entry / "labels.nii.gz");
  }
  EXPECT_THROW(files.publish("a"), Error);
  EXPECT_EQ(imported_image(files.root(), "a").voxels().front(), 7.0F);
  EXPECT_FALSE(fs::exists(files.root() / "labelsTr/a.nii.gz"));
  EXPECT_FALSE(files.has("a"));
}

TEST_F(DatasetFilesTest, TwoRunsDoNotShareADataset) {
  {
    const DatasetFiles first(root_ / "dataset");
    EXPECT_THAT(error_of(ErrorCode::kInvalidInput, [&] { const DatasetFiles second(root_ / "dataset"); }),
                HasSubstr("another run imports into"));
  }
  const DatasetFiles later(root_ / "dataset");
}

TEST_F(DatasetFilesTest, FoldersThatItMadeGoWhenTheyAreEmpty) {
  { const DatasetFiles files(root_ / "a/b"); }
  EXPECT_FALSE(fs::exists(root_ / "a"));
  make_folder(root_ / "mine");
  { const DatasetFiles files(root_ / "mine"); }
  EXPECT_TRUE(fs::exists(root_ / "mine"));
}

TEST_F(DatasetFilesTest, FilesBelowAFolder) {
  make_folder(root_ / "b/c");
  write_text_file(root_ / "b/c/2", "");
  write_text_file(root_ / "a", "");
  fs::create_directory_symlink(root_, root_ / "b/loop");
  fs::create_symlink("nowhere", root_ / "b/dangling");
  EXPECT_THAT(files_below(root_).files, ElementsAre(root_ / "a", root_ / "b/c/2"));
  EXPECT_THAT(error_of(ErrorCode::kMissing, [&] { files_below(root_ / "none"); }), HasSubstr("none"));
}

}  // namespace
}  // namespace hepar::importing
