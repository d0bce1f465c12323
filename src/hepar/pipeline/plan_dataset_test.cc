// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/plan_dataset.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/prepare_dataset.h"
#include "hepar/pipeline/test_folder.h"
#include "hepar/plan/fingerprint.h"
#include "hepar/plan/splits.h"
#include "hepar/tensors/weights.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// Two cases of 24 x 20 x 16 voxels at 1 mm with two channels that are 0 at i, j or k < 2 and one labelled
// voxel, so that 10^8 draws of it take no time.
class DatasetFolder : public ScratchFolder {
 protected:
  void SetUp() override {
    ScratchFolder::SetUp();
    for (const char* folder : {"imagesTr", "labelsTr"}) make_folder(dataset_ / folder);
    write_text_file(dataset_ / "dataset.json", R"({"channel_names": {"0": "T1", "1": "CT"},
      "labels": {"background": 0, "liver": 1, "tumour": 2}, "numTraining": 2, "file_ending": ".nii.gz"})");
    for (const std::string name : {"b", "a"}) {
      CtVolume image(kGrid), second(kGrid);
      LabelMap labels(kGrid);
      for (Int3 at; at.k < kGrid.size.k; ++at.k)
        for (at.j = 0; at.j < kGrid.size.j; ++at.j)
          for (at.i = 0; at.i < kGrid.size.i; ++at.i) {
            if (std::min({at.i, at.j, at.k}) < 2) continue;
            image[at] = 10;
            second[at] = 20;
          }
      labels[{20, 10, 10}] = 2;
      write_ct(image_file(name, 0), image);
      write_ct(image_file(name, 1), second);
      write_labels(labels_file(name), labels);
    }
  }
  fs::path image_file(const std::string& name, int channel) const {
    return dataset_ / "imagesTr" / (name + "_000" + std::to_string(channel) + ".nii.gz");
  }
  fs::path labels_file(const std::string& name) const { return dataset_ / "labelsTr" / (name + ".nii.gz"); }
  std::string fault() const {
    try {
      plan_dataset(dataset_, root_ / "out", {}, nullptr);
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  }
  const Geometry kGrid{.size = {24, 20, 16}};
  const fs::path dataset_ = root_ / "Dataset007_Test";
};

TEST_F(DatasetFolder, IsPlannedFromItsFiles) {
  const PlannedDataset planned = plan_dataset(dataset_, root_ / "out", {}, nullptr);
  EXPECT_EQ(planned.plans_file, root_ / "out" / "nnUNetPlans.json");
  EXPECT_THAT(planned.notes, SizeIs(0));
  const Fingerprint fingerprint = read_fingerprint(root_ / "out" / "dataset_fingerprint.json");
  EXPECT_THAT(fingerprint.shapes_after_crop, Each(Kernel3{14, 18, 22}));
  EXPECT_EQ(fingerprint.spacings_mm, (std::vector<std::array<double, 3>>{{1, 1, 1}, {1, 1, 1}}));
  EXPECT_EQ(fingerprint.intensities[0], (IntensityStatistics{10, 10, 10, 10, 10, 10, 0}));
  EXPECT_EQ(fingerprint.intensities[1].mean, 20);
  const auto plans = nlohmann::json::parse(read_text_file(planned.plans_file));
  EXPECT_EQ(plans["dataset_name"], "Dataset007_Test");
  EXPECT_THAT(plans["configurations"]["3d_fullres"]["normalization_schemes"],
              ElementsAre("ZScoreNormalization", "CTNormalization"));
  EXPECT_EQ(read_splits(root_ / "out" / "splits_final.json"), cross_validation_splits({"a", "b"}));
  EXPECT_EQ(read_text_file(root_ / "out" / "dataset.json"), read_text_file(dataset_ / "dataset.json"));
  EXPECT_THAT(plan_text(planned), HasSubstr("3d_fullres"));
  EXPECT_EQ(nlohmann::json::parse(plan_json(planned))["plans_name"], "nnUNetPlans");
}

TEST_F(DatasetFolder, PlansAloneAsWithItsFiles) {
  const PlannedDataset planned = plan_dataset(dataset_, root_ / "out", {}, nullptr);
  plan_fingerprint(root_ / "out" / "dataset_fingerprint.json", dataset_ / "dataset.json",
                   root_ / "plans.json", {});
  EXPECT_EQ(read_text_file(root_ / "plans.json"), planned.plan.plans_json);
}

TEST_F(DatasetFolder, KeepsConfigurationsOfTheUser) {
  const fs::path file = plan_dataset(dataset_, root_ / "out", {}, nullptr).plans_file;
  const std::string planned = read_text_file(file);
  auto plans = nlohmann::ordered_json::parse(planned);
  plans["configurations"]["mine"] = {{"inherits_from", "3d_fullres"}, {"batch_size", 7}};
  plans["configurations"]["3d_fullres"]["batch_size"] = 99;
  plans["configurations"]["3d_lowres"] = {{"batch_size", 1}};  // of an earlier, larger dataset
  write_text_file(file, plans.dump());
  plan_dataset(dataset_, root_ / "out", {}, nullptr);
  plans = nlohmann::ordered_json::parse(read_text_file(file));
  EXPECT_EQ(plans["configurations"]["mine"]["batch_size"], 7);
  plans["configurations"].erase("mine");
  EXPECT_EQ(plans, nlohmann::ordered_json::parse(planned));
  write_text_file(file, "no JSON");
  plan_dataset(dataset_, root_ / "out", {}, nullptr);
  EXPECT_EQ(read_text_file(file), planned);
}

TEST_F(DatasetFolder, KeepsSplitsThatAreThere) {
  const std::vector<Split> own{{{"b"}, {"a"}}};
  write_splits(dataset_ / "splits_final.json", own);
  plan_dataset(dataset_, root_ / "out", {}, nullptr);
  EXPECT_EQ(read_splits(root_ / "out" / "splits_final.json"), own);
  fs::remove(dataset_ / "splits_final.json");
  plan_dataset(dataset_, root_ / "out", {}, nullptr);
  EXPECT_EQ(read_splits(root_ / "out" / "splits_final.json"), own);
}

TEST_F(DatasetFolder, NamesTheCaseOfAFault) {
  LabelMap labels(kGrid, 1);
  labels[{0, 0, 0}] = 9;
  write_labels(labels_file("b"), labels);
  EXPECT_THAT(fault(), HasSubstr("labels of b have the value 9, which dataset.json does not name"));
  write_labels(labels_file("b"), LabelMap({.size = {24, 20, 15}}));
  EXPECT_THAT(fault(), HasSubstr("image and labels of b lie on different grids"));
  fs::remove(labels_file("b"));
  EXPECT_THAT(fault(), HasSubstr("b has no labels"));
  fs::remove(image_file("a", 1));
  EXPECT_THAT(fault(), HasSubstr("a has 1 channel files in imagesTr, dataset.json names 2 channels"));
}

TEST_F(DatasetFolder, SaysWhenNumTrainingIsNotTheNumberOfCases) {
  write_text_file(dataset_ / "dataset.json", R"({"channel_names": {"0": "T1", "1": "CT"},
      "labels": {"background": 0, "liver": 1, "tumour": 2}, "numTraining": 3, "file_ending": ".nii.gz"})");
  EXPECT_THAT(plan_dataset(dataset_, root_ / "out", {}, nullptr).notes,
              ElementsAre(HasSubstr("numTraining 3, imagesTr has 2 cases")));
}

// At the planned 1 mm nothing is resampled: the box of 22 x 18 x 14 voxels as it is.
TEST_F(DatasetFolder, IsPreprocessedByItsPlans) {
  const fs::path out = root_ / "out";
  const fs::path plans = plan_dataset(dataset_, out, {}, nullptr).plans_file;
  LabelMap labels = read_labels(labels_file("a")).voxels;
  for (std::int64_t k = 4; k < 8; ++k) labels[{13, 9, k}] = 1;
  write_labels(labels_file("a"), labels);
  const PreparedDataset prepared = prepare_dataset(dataset_, out, plans, "3d_fullres", nullptr);
  EXPECT_EQ(prepared.folder, out / "3d_fullres");
  EXPECT_EQ(prepared.cases, 2U);
  EXPECT_EQ(prepared.already_there, 0U);
  const SafetensorsFile file(prepared.folder / "cases" / "a.safetensors");
  const auto& entries = file.entries();
  EXPECT_THAT(entries.at("image").shape, ElementsAre(2, 14, 18, 22));
  EXPECT_THAT(entries.at("labels").shape, ElementsAre(14, 18, 22));
  EXPECT_EQ(entries.at("labels").type, ElementType::kInt16);
  EXPECT_THAT(entries.at("locations.0").shape, ElementsAre(4));
  ASSERT_THAT(entries.at("locations.1").shape, ElementsAre(1));
  std::int64_t tumour = 0;
  std::memcpy(&tumour, entries.at("locations.1").bytes.data(), sizeof tumour);
  EXPECT_EQ(tumour, (8 * 18 + 8) * 22 + 18);  // (20, 10, 10) less the two of zeros
  const SafetensorsFile other(prepared.folder / "cases" / "b.safetensors");
  EXPECT_THAT(other.entries().at("locations.0").shape, ElementsAre(0));
  for (const char* name : {"plans.json", "dataset.json", "splits_final.json", "dataset_fingerprint.json"})
    EXPECT_TRUE(fs::exists(prepared.folder / name)) << name;
  EXPECT_EQ(prepare_dataset(dataset_, out, plans, "3d_fullres", nullptr).already_there, 2U);
  write_text_file(plans, read_text_file(plans) + "\n");
  EXPECT_THROW(prepare_dataset(dataset_, out, plans, "3d_fullres", nullptr), Error);
}

TEST(PreprocessedFolder, LiesBesideTheDataset) {
  EXPECT_EQ(preprocessed_folder("/data/raw/Dataset003_Liver"), "/data/raw/preprocessed/Dataset003_Liver");
  EXPECT_EQ(preprocessed_folder("/data/raw/Dataset003_Liver/"), "/data/raw/preprocessed/Dataset003_Liver");
}

}  // namespace
}  // namespace hepar
