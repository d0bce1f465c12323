// SPDX-License-Identifier: Apache-2.0
// DICOM in and out as a user has it: a phantom's CT as a series, its structures there and back.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "hepar/core/file.h"
#include "hepar/io/image_io.h"
#include "program_run.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAreArray;
using testing::HasSubstr;

class DicomCli : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    make_folder(root());
    ASSERT_EQ(run("phantom -o cohort --cases 1 --seed 5 --cysts some --dicom").status, 0);
  }
  static void TearDownTestSuite() { fs::remove_all(root()); }
  static fs::path root() {
    return fs::temp_directory_path() / ("hepar_dicom_cli_test_" + std::to_string(::getpid()));
  }
  static Outcome run(const std::string& arguments) {
    return run_program("cd " + root().string() + " && " HEPAR_BINARY " " + arguments, root());
  }
  static LabelMap labels(const std::string& file) { return read_labels(root() / file).voxels; }
  static constexpr const char* kCt = "cohort/dicom/phantom_000";
  static constexpr const char* kTruth = "cohort/labelsTr/phantom_000.nii.gz";
};

TEST_F(DicomCli, SegmentWritesStructuresOnTheSeries) {
  const Outcome outcome = run(std::string("segment ") + kCt + " -o out --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  const auto document = nlohmann::json::parse(outcome.out);
  EXPECT_GT(document.at("rois_ml").at("Liver").get<double>(), 100);
  for (const char* object : {"rtstruct", "seg"}) {
    const Outcome back =
        run(std::string("convert out/") + object + ".dcm --reference " + kCt + " -o back.nii.gz");
    ASSERT_EQ(back.status, 0) << back.err;
    EXPECT_THAT(labels("back.nii.gz").voxels(), ElementsAreArray(labels("out/labels.nii.gz").voxels()))
        << object;
  }
  ASSERT_EQ(run(std::string("segment ") + kCt + " -o without --no-dicom --quiet").status, 0);
  EXPECT_FALSE(fs::exists(root() / "without/rtstruct.dcm"));
}

TEST_F(DicomCli, ConvertFollowsTheProfile) {
  write_text_file(root() / "site.json",
                  R"({"format": "hepar.dicom-profile/1", "rois": [{"name": "Leber", "labels": [1, 2, 3]},)"
                  R"( {"name": "Liver-GTV", "labels": [1, 3]}, {"name": "GTV"}]})");
  const std::string convert =
      std::string("convert ") + kTruth + " --reference " + kCt + " --profile site.json ";
  const Outcome there = run(convert + "-o rs.dcm --json");
  ASSERT_EQ(there.status, 0) << there.err;
  const auto volumes = nlohmann::json::parse(there.out).at("volumes_ml");
  EXPECT_NEAR(volumes.at("Leber").get<double>(),
              volumes.at("Liver-GTV").get<double>() + volumes.at("GTV").get<double>(), 1e-6);
  const Outcome back =
      run(std::string("convert rs.dcm --reference ") + kCt + " --roi Leber=4 -o back.nii.gz");
  ASSERT_EQ(back.status, 0) << back.err;
  EXPECT_THAT(back.out + back.err, HasSubstr("Liver-GTV"));  // has no label
  LabelMap expected = labels(kTruth);
  for (std::uint8_t& label : expected.voxels()) label = label == 1 || label == 3 ? 4 : label;
  EXPECT_THAT(labels("back.nii.gz").voxels(), ElementsAreArray(expected.voxels()));
}

TEST_F(DicomCli, StructuresServeAsLabelMaps) {
  ASSERT_EQ(
      run(std::string("convert ") + kTruth + " --reference " + kCt + " --as seg -o truth.dcm --quiet").status,
      0);
  ASSERT_EQ(run(std::string("filter ") + kCt + " truth.dcm -o filtered --quiet").status, 0);
  EXPECT_TRUE(fs::exists(root() / "filtered/rtstruct.dcm"));
  const Outcome evaluation = run(std::string("evaluate truth.dcm ") + kTruth + " --strict --json");
  ASSERT_EQ(evaluation.status, 0) << evaluation.err;
  const Outcome both = run(std::string("evaluate truth.dcm filtered/rtstruct.dcm --images ") + kCt);
  EXPECT_EQ(both.status, 0) << both.err;
}

TEST_F(DicomCli, RefusesInOneSentence) {
  for (const auto& [arguments, status, words] :
       {std::tuple(std::string("convert ") + kTruth + " -o rs2.dcm", 2, "--reference"),
        std::tuple(std::string("convert nothing.nii.gz --reference ") + kCt + " -o rs2.dcm", 3,
                   "nothing.nii.gz"),
        std::tuple(std::string("convert ") + kTruth + " --reference " + kCt + " -o none/rs2.dcm", 3, "none"),
        std::tuple(
            std::string("convert ") + kTruth + " --reference " + kCt + " --profile site2.json -o rs2.dcm", 3,
            "site2.json"),
        std::tuple(std::string("convert ") + kTruth + " --reference " + kCt + " --roi Liver -o rs2.dcm", 2,
                   "NAME=VALUE")}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.status, status) << arguments << outcome.err;
    EXPECT_TRUE(outcome.err.starts_with("hepar: ")) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(words));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_FALSE(fs::exists(root() / "rs2.dcm"));
  }
}

}  // namespace
}  // namespace hepar
