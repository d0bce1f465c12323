// SPDX-License-Identifier: Apache-2.0
// Runs the program with LibTorch's engine, and without its plugin.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "hepar/core/file.h"
#include "hepar/io/image_io.h"
#include "program_run.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

class TorchEngineCli : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("hepar_torch_cli_test_" + std::to_string(::getpid()));
    make_folder(root_ / "bin");
    ASSERT_EQ(run(HEPAR_BINARY, "phantom -o " + path("cohort") + " --cases 1 --seed 5").status, 0);
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string path(const std::string& name) const { return (root_ / name).string(); }
  std::string ct() const { return path("cohort/imagesTr/phantom_000_0000.nii.gz"); }
  Outcome run(const fs::path& program, const std::string& arguments) const {
    return run_program(program.string() + " " + arguments, root_);
  }
  // One sentence, and nothing written.
  void expect_refusal(const fs::path& program, const std::string& device, int status,
                      const std::string& words) const {
    const Outcome outcome = run(program, "segment " + ct() + " -o " + path("refused") + " -m " HEPAR_MODEL +
                                             " --quiet --device " + device);
    EXPECT_EQ(outcome.status, status) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(words));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_FALSE(fs::exists(path("refused")));
  }
  // The program in another folder, with no plugin beside it.
  fs::path copied_program() const {
    const fs::path program = root_ / "bin/hepar";
    fs::copy_file(HEPAR_BINARY, program);
    return program;
  }
  fs::path root_;
};

TEST_F(TorchEngineCli, SegmentsAsTheCpuEngineDoes) {
  for (const std::string device : {"cpu", "libtorch"}) {
    const Outcome outcome =
        run(HEPAR_BINARY, "segment " + ct() + " -o " + path(device) + " --quiet --device " + device);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    const auto record = nlohmann::json::parse(read_text_file(root_ / device / "run.json"));
    EXPECT_EQ(record["options"]["device"], device);
    EXPECT_EQ(record["options"]["engine"], "default");
  }
  const LabelMap wanted = read_labels(path("cpu/unfiltered.nii.gz")).voxels;
  const LabelMap got = read_labels(path("libtorch/unfiltered.nii.gz")).voxels;
  ASSERT_EQ(got.voxels().size(), wanted.voxels().size());
  std::size_t different = 0, liver = 0;
  for (std::size_t n = 0; n < got.voxels().size(); ++n) {
    different += got.voxels()[n] != wanted.voxels()[n] ? 1 : 0;
    liver += wanted.voxels()[n] != 0 ? 1 : 0;
  }
  EXPECT_GT(liver, 1000U);
  // Logits differ by float32's rounding, so that only those tell that lie at 0 by chance.
  EXPECT_LE(different, got.voxels().size() / 10000);
  RecordProperty("different_voxels", std::to_string(different));
}

TEST_F(TorchEngineCli, PredictsWithNnunetsRoundingsToo) {
  const Outcome outcome =
      run(HEPAR_BINARY, "predict " + path("cohort/imagesTr") + " " + path("predicted") +
                            " -m " HEPAR_MODEL " --parity --no-mirror --quiet --device libtorch");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(fs::exists(path("predicted/phantom_000.nii.gz")));
}

TEST_F(TorchEngineCli, MistypedDevicesAreRefused) {
  const Outcome outcome = run(HEPAR_BINARY, "segment " + ct() + " -o " + path("refused") + " --device gpu");
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("cuda"));
}

TEST_F(TorchEngineCli, MissingPluginsAreNamedWithTheWayToBuildThem) {
  expect_refusal(copied_program(), "cuda", 3, "build Hepar with -DHEPAR_WITH_TORCH=ON");
}

TEST_F(TorchEngineCli, PluginsOfAnotherVersionAreRefused) {
  const fs::path program = copied_program();
  fs::copy_file(HEPAR_OTHER_PLUGIN, root_ / "bin/libhepar-torch.so");
  expect_refusal(program, "libtorch", 4, "is of Hepar 0.0.0-other");
}

TEST_F(TorchEngineCli, DamagedPluginsAreRefused) {
  const fs::path program = copied_program();
  write_text_file(root_ / "bin/libhepar-torch.so", "no library");
  expect_refusal(program, "libtorch", 3, "can't be loaded");
}

TEST_F(TorchEngineCli, PluginsAreFoundWhereTheyAreInstalled) {
  const fs::path program = copied_program();
  make_folder(root_ / HEPAR_PLUGIN_FOLDER);
  fs::copy_file(HEPAR_OTHER_PLUGIN, root_ / HEPAR_PLUGIN_FOLDER "/libhepar-torch.so");
  expect_refusal(program, "libtorch", 4, HEPAR_PLUGIN_FOLDER);
}

// Hides all GPUs from the driver, so that machines with one give the same answer.
TEST_F(TorchEngineCli, ComputersWithoutGpuAreToldSo) {
  expect_refusal("CUDA_VISIBLE_DEVICES= " HEPAR_BINARY, "cuda", 4,
                 "there is no GPU that this LibTorch can use");
}

}  // namespace
}  // namespace hepar
