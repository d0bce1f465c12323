// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/validate_model.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/nn/validation_summary.h"
#include "hepar/pipeline/phantom_cohort.h"
#include "hepar/pipeline/test_folder.h"
#include "hepar/pipeline/test_model.h"
#include "hepar/pipeline/test_training_set.h"
#include "hepar/windows/test_engine.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

// A model by hand: at its own spacing nothing is resampled, and its logits are positive above 90 HU (liver)
// and above 150 HU (tumour), as they are (HU - 60) / 60 less a constant.
Model threshold_model(const DatasetLabels& labels) {
  ModelFolder folder;
  folder.plan.network.input_channels = 1;
  folder.plan.network.heads = 2;
  folder.plan.patch_size = {8, 8, 8};
  folder.plan.spacing_mm = {3, 3, 3};
  folder.plan.normalization_schemes = {"CTNormalization"};
  folder.plan.intensities = {{-160, 240, 60, 60}};
  folder.labels = labels;
  return {folder, fake_folds({[](const Tensor& input) {
            TensorShape shape = input.shape;
            shape.c = 2;
            Tensor output(shape);
            const auto voxels = static_cast<std::size_t>(shape.voxels());
            for (std::size_t n = 0; n < voxels; ++n) {
              output.values[n] = input.values[n] - 0.5F;
              output.values[n + voxels] = input.values[n] - 1.5F;
            }
            return output;
          }})};
}

class ValidateModel : public ScratchFolder {
 protected:
  // 10 x 9 x 11 voxels of -100 HU: 12 of 100 HU and 4 of 200 HU, of which the reference calls 3 tumour, as it
  // does one voxel of -100 HU; the other 15 bright ones are liver there.
  void SetUp() override {
    ScratchFolder::SetUp();
    test_training_set::write_dataset_json(root_);
    CtVolume ct(kGrid, -100);
    LabelMap labels(kGrid);
    for (std::int64_t i = 2; i < 8; ++i) {
      for (const std::int64_t j : {3, 4}) ct[{i, j, 5}] = 100, labels[{i, j, 5}] = 1;
    }
    for (std::int64_t i = 3; i < 7; ++i) ct[{i, 6, 7}] = 200, labels[{i, 6, 7}] = i == 3 ? 1 : 2;
    labels[{0, 0, 0}] = 2;
    test_training_set::write_case(root_, "b", ct, labels);
    test_training_set::write_case(root_, "a", CtVolume(kGrid, -100), LabelMap(kGrid));
  }
  Validation validate(const Model& model) const {
    return validate_model(model, open_training_set(root_), {"b", "a"}, root_ / "out", PredictOptions{},
                          nullptr);
  }
  const Geometry kGrid{.size = {10, 9, 11}, .spacing_mm = {3, 3, 3}};
};

TEST_F(ValidateModel, PredictsAndCountsOnTheImagesGrid) {
  const Validation validation = validate(threshold_model(open_training_set(root_).labels));
  ASSERT_EQ(validation.cases.size(), 2U);
  EXPECT_EQ(validation.cases[0].name, "a");
  EXPECT_EQ(validation.cases[0].counts[0], (ConfusionCounts{0, 0, 0, 990}));
  // Liver: 16 of the reference's 17 found. Tumour: 4 found, 3 of them of the reference's 4.
  EXPECT_EQ(validation.cases[1].counts[0], (ConfusionCounts{16, 0, 1, 973}));
  EXPECT_EQ(validation.cases[1].counts[1], (ConfusionCounts{3, 1, 1, 985}));
  const LabelMap written = read_labels(root_ / "out/b.nii.gz").voxels;
  EXPECT_FALSE(
      grid_difference(written.geometry(), read_ct(root_ / "imagesTr/b_0000.nii.gz").voxels.geometry()));
  EXPECT_EQ((written[{3, 6, 7}]), 2);
  EXPECT_EQ((written[{2, 3, 5}]), 1);
  EXPECT_EQ(validation.cases[1].prediction, fs::absolute(root_ / "out/b.nii.gz"));
  EXPECT_EQ(validation.cases[1].reference, fs::absolute(root_ / "labelsTr/b.nii.gz"));
}

TEST_F(ValidateModel, NamesTheCaseOfAFault) {
  write_text_file(root_ / "imagesTr/b_0000.nii.gz", "x");
  try {
    validate(threshold_model(open_training_set(root_).labels));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("validating b: "));
  }
  DatasetLabels other = open_training_set(root_).labels;
  other.regions_class_order = {2, 1};
  EXPECT_THROW(validate(threshold_model(other)), Error);
}

// The model that comes with Hepar finds the liver of a phantom; the summary's reference counts are those of
// the label map.
TEST_F(ValidateModel, TheDemonstrationModelFindsLivers) {
  PhantomCohortRequest cohort;
  cohort.output = root_ / "cohort";
  cohort.cases = 1;
  const std::vector<std::string> names = write_phantom_cohort(cohort);
  const TrainingSet set = open_training_set(cohort.output);
  const Model model = load_model(HEPAR_DEMO_MODEL, test_model::engine_factory());
  PredictOptions options;
  options.mirror = false;
  const Validation validation = validate_model(model, set, names, root_ / "out", options, nullptr);
  write_validation_summary(root_ / "out/summary.json", validation);
  const LabelMap truth = read_labels(set.labels_file(names[0])).voxels;
  const auto liver = std::count_if(truth.voxels().begin(), truth.voxels().end(), [](int v) { return v > 0; });
  const ConfusionCounts& counts = validation.cases[0].counts[0];
  EXPECT_EQ(counts.true_positive + counts.false_negative, liver);
  EXPECT_GT(dice_of(counts).value(), 0.95);
  EXPECT_THAT(read_text_file(root_ / "out/summary.json"), HasSubstr("\"(1, 2, 3)\": {"));
}

}  // namespace
}  // namespace hepar
