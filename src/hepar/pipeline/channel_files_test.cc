// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/channel_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/test_folder.h"

namespace hepar {
namespace {

using testing::HasSubstr;

class ChannelFilesTest : public ScratchFolder {
 protected:
  void write(const std::string& name, double spacing_mm = 1, float value = 0) const {
    Geometry geometry;
    geometry.size = {2, 2, 2};
    geometry.spacing_mm.z = spacing_mm;
    write_ct(folder() / name, CtVolume(geometry, value));
  }
  const std::filesystem::path& folder() const { return root_; }
  template <class Call>
  void expect_error(ErrorCode code, const std::string& said, const Call& call) const {
    try {
      call();
      ADD_FAILURE() << "no error; wanted: " << said;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(said));
    }
  }
};

TEST_F(ChannelFilesTest, CasesAreFoundByName) {
  for (const char* name : {"b_0001.nii", "b_0000.nii", "a_1_0000.nii", "x.nii", "_0000.nii", "c_000.nii"})
    write(name);
  write("d_0000.nii.gz");
  write_text_file(folder() / "e_0000.txt", "");
  const auto cases = find_channel_files(folder(), ".nii");
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_EQ(cases[0].name, "a_1");
  EXPECT_EQ(cases[1].name, "b");
  EXPECT_THAT(cases[1].files, testing::ElementsAre(folder() / "b_0000.nii", folder() / "b_0001.nii"));
}

TEST_F(ChannelFilesTest, ChannelsAreReadInOrder) {
  write("a_0001.nii", 1, 5);
  write("a_0000.nii", 1, 3);
  const auto loaded = read_channels(find_channel_files(folder(), ".nii").front(), 2);
  ASSERT_EQ(loaded.channels.size(), 2u);
  EXPECT_EQ(loaded.channels[0].voxels()[0], 3);
  EXPECT_EQ(loaded.channels[1].voxels()[0], 5);
}

TEST_F(ChannelFilesTest, FaultsAreNamed) {
  expect_error(ErrorCode::kMissing, "there is no folder",
               [&] { find_channel_files(folder() / "no", ".nii"); });
  expect_error(ErrorCode::kInvalidInput, "no file NAME_0000.nii.gz",
               [&] { find_channel_files(folder(), ".nii.gz"); });
  write("a_0000.nii");
  const auto read = [&](std::size_t count) {
    read_channels(find_channel_files(folder(), ".nii").front(), count);
  };
  expect_error(ErrorCode::kInvalidInput, "a has 1 channel files, the model wants 2", [&] { read(2); });
  write("a_0002.nii");
  expect_error(ErrorCode::kInvalidInput, "a has no channel 0001", [&] { read(2); });
  std::filesystem::remove(folder() / "a_0002.nii");
  write("a_0001.nii", 2);
  expect_error(ErrorCode::kInvalidInput, "lie on different grids", [&] { read(2); });
}

}  // namespace
}  // namespace hepar
