// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/predict.h"

#include <gmock/gmock.h>

#include "hepar/core/error.h"
#include "hepar/core/random.h"
#include "hepar/io/image_io.h"
#include "hepar/pipeline/test_folder.h"
#include "hepar/pipeline/test_model.h"
#include "hepar/tensors/test_npy.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;
using namespace test_model;

class PredictTest : public ScratchFolder {
 protected:
  void SetUp() override {
    ScratchFolder::SetUp();
    input_ = root_ / "input";
    make_folder(input_);
    fs::copy_file(kScan, input_ / "a_0000.nii.gz");
  }
  // Quick: no mirroring, few windows.
  PredictRequest request(const fs::path& model) const {
    PredictRequest request;
    request.input = input_;
    request.output = root_ / "output";
    request.model = model;
    request.options = {.step_fraction = 1, .mirror = false};
    return request;
  }
  PredictResult predict(const PredictRequest& request) const {
    return predict_folder(request, engine_factory());
  }
  std::vector<std::uint8_t> voxels(const fs::path& file) const {
    const LabelMap labels = read_labels(file).voxels;
    return {labels.voxels().begin(), labels.voxels().end()};
  }
  void expect_error(const PredictRequest& request, ErrorCode code, const std::string& said) const {
    try {
      predict(request);
      ADD_FAILURE() << "no error; wanted: " << said;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(said));
    }
  }
  fs::path input_;
};

TEST_F(PredictTest, GivesWhatNnunetGives) {
  PredictRequest wanted = request(kModel);
  wanted.options = {.step_fraction = 0.5, .mirror = false, .parity = true};
  const PredictResult result = predict(wanted);
  ASSERT_EQ(result.cases.size(), 1u);
  EXPECT_EQ(result.cases[0].fault, "");
  EXPECT_EQ(voxels(root_ / "output/a.nii.gz"), voxels(kCase / "expected_nomirror.nii.gz"));
  EXPECT_EQ(read_text_file(root_ / "output/plans.json"), read_text_file(kModel / "plans.json"));
  EXPECT_TRUE(fs::exists(root_ / "output/dataset.json"));
}

// A damaged coarse model beside the weights is none of predict's.
TEST_F(PredictTest, SaysHowManyWindowsTheBodyTook) {
  const fs::path model = root_ / "model";
  write_changed_model(model, "3d_fullres", [](Weights&) {});
  make_folder(model / "coarse");
  PredictRequest wanted = request(model);
  wanted.options.search = Search::kBody;
  EXPECT_THAT(predict(wanted).cases[0].notes, testing::Not(testing::Contains(HasSubstr("windows ran"))));
  // The same with nine times its height of air above.
  const CtVolume body = read_ct(kScan).voxels;
  Geometry high = body.geometry();
  high.size.k *= 10;
  CtVolume ct(high, -1000.0F);
  std::copy(body.voxels().begin(), body.voxels().end(), ct.voxels().begin());
  write_ct(input_ / "a_0000.nii.gz", ct);
  const PredictedCase done = predict(wanted).cases[0];
  EXPECT_EQ(done.fault, "");
  EXPECT_THAT(done.notes, testing::Contains(HasSubstr("windows ran; the others hold nothing but air")));
}

TEST_F(PredictTest, ASecondChannelWithoutWeightChangesNothing) {
  const fs::path plain = root_ / "plain", two = root_ / "two";
  write_changed_model(plain, "3d_fullres", [](Weights&) {});
  write_changed_model(two, "3d_fullres", [](Weights& weights) { add_idle_inputs(weights, 1); });
  edit(two / "dataset.json", [](Json& dataset) { dataset["channel_names"]["1"] = "PET"; });
  edit(two / "plans.json", [](Json& plans) {
    auto& configuration = plans["configurations"]["3d_fullres"];
    configuration["normalization_schemes"] = {"CTNormalization", "ZScoreNormalization"};
    configuration["use_mask_for_norm"] = {false, false};
  });
  predict(request(plain));
  const auto alone = voxels(root_ / "output/a.nii.gz");
  EXPECT_THAT(alone, testing::Contains(1));  // else the comparison would show nothing
  EXPECT_THAT(predict(request(two)).cases[0].fault, HasSubstr("a has 1 channel files, the model wants 2"));
  fs::copy_file(kScan, input_ / "a_0001.nii.gz");
  EXPECT_EQ(predict(request(two)).cases[0].fault, "");
  EXPECT_EQ(voxels(root_ / "output/a.nii.gz"), alone);
}

class CascadeTest : public PredictTest {
 protected:
  // A first stage, and a second one that has inputs for its labels but no use for them.
  void SetUp() override {
    PredictTest::SetUp();
    write_changed_model(first_, "3d_fullres", [](Weights&) {});
    write_changed_model(second_, "cascade", [](Weights& weights) { add_idle_inputs(weights, 2); });
    edit(second_ / "plans.json", [](Json& plans) {
      plans["configurations"]["cascade"] = {{"inherits_from", "3d_fullres"},
                                            {"previous_stage", "3d_fullres"}};
    });
  }
  const fs::path first_ = root_ / "Dataset1/T__P__3d_fullres", second_ = root_ / "Dataset1/T__P__cascade";
};

TEST_F(CascadeTest, RunsTheEarlierStageBesideIt) {
  predict(request(first_));
  const auto first = voxels(root_ / "output/a.nii.gz");
  EXPECT_EQ(predict(request(second_)).cases[0].fault, "");
  EXPECT_EQ(voxels(root_ / "output/a.nii.gz"), first);
}

TEST_F(CascadeTest, TakesTheEarlierStagesLabelsFromAFolder) {
  PredictRequest earlier = request(first_);
  earlier.output = root_ / "earlier";
  predict(earlier);
  fs::rename(first_, root_ / "away");
  PredictRequest cascade = request(second_);
  cascade.previous_stage = root_ / "earlier";
  EXPECT_EQ(predict(cascade).cases[0].fault, "");
  EXPECT_EQ(voxels(root_ / "output/a.nii.gz"), voxels(root_ / "earlier/a.nii.gz"));
  fs::remove(root_ / "earlier/a.nii.gz");
  EXPECT_THAT(predict(cascade).cases[0].fault, HasSubstr("a.nii.gz"));
}

TEST_F(CascadeTest, AMissingStageIsNamed) {
  fs::rename(first_, root_ / "away");
  expect_error(request(second_), ErrorCode::kMissing, "T__P__3d_fullres, beside it");
  PredictRequest alone = request(kModel);
  alone.previous_stage = root_;
  expect_error(alone, ErrorCode::kInvalidInput, "is no cascade");
}

// A small 2d network: slices of at most 8 x 12 pixels of 1 mm, three labels.
ModelPlan flat_plan() {
  ModelPlan plan;
  plan.configuration = "2d";
  plan.two_dimensional = true;
  plan.network.features_per_stage = {4, 6};
  plan.network.kernel_sizes = {{1, 3, 3}, {1, 3, 3}};
  plan.network.strides = {{1, 1, 1}, {1, 2, 2}};
  plan.network.conv_per_stage = {1, 1};
  plan.network.conv_per_stage_decoder = {1};
  plan.network.heads = 3;
  plan.patch_size = {1, 8, 12};
  plan.spacing_mm = {0, 1, 1};
  plan.normalization_schemes = {"CTNormalization"};
  plan.intensities = {{-100, 100, 0, 50}};
  return plan;
}

Weights random_weights(const NetworkSpec& spec) {
  Random random(4);
  Weights weights;
  for (const auto& [name, shape] : parameters_of(spec)) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    weights[name].shape = shape;
    for (std::int64_t n = 0; n < count; ++n)
      weights[name].values.push_back(static_cast<float>(random.normal()));
  }
  return weights;
}

// As nnU-Net stores a 2d configuration: kernels without depth, axes 0 and 1 are h and w.
void write_flat_model(const fs::path& folder, const ModelPlan& plan, const Weights& weights) {
  make_folder(folder / "fold_0");
  write_plan(folder / "plans.json", plan, "Dataset001_Flat");
  write_text_file(folder / "dataset.json", R"({"channel_names": {"0": "CT"}, "file_ending": ".nii.gz",
    "labels": {"background": 0, "liver": 1, "tumour": 2}})");
  std::vector<TensorToWrite> stored;
  for (const auto& [name, tensor] : weights) {
    std::vector<std::int64_t> flat = tensor.shape;
    if (flat.size() == 5) flat.erase(flat.begin() + 2);
    stored.push_back({name, ElementType::kFloat32, flat, std::as_bytes(std::span(tensor.values))});
  }
  write_safetensors(folder / "fold_0/checkpoint_final.safetensors", stored,
                    {{"configuration", "2d"}, {"inference_allowed_mirroring_axes", "[0, 1]"}});
}

// Every slice by itself, once through the network; slices are 5 mm apart, which the plan does not say.
TEST_F(PredictTest, ATwoDimensionalModelSeesSliceBySlice) {
  const ModelPlan plan = flat_plan();
  const Weights weights = random_weights(plan.network);
  write_flat_model(root_ / "flat", plan, weights);
  EXPECT_THAT(read_model_folder(root_ / "flat").mirror_axes, testing::ElementsAre(1, 2));
  Geometry grid;
  grid.size = {10, 8, 3};
  grid.spacing_mm = {1, 1, 5};
  CtVolume ct(grid);
  Random random(5);
  for (float& hu : ct.voxels()) hu = static_cast<float>(random.integer(1, 90));
  fs::remove(input_ / "a_0000.nii.gz");
  write_ct(input_ / "flat_0000.nii.gz", ct);
  ASSERT_EQ(predict(request(root_ / "flat")).cases[0].fault, "");
  const auto labels = voxels(root_ / "output/flat.nii.gz");
  const auto engine = make_cpu_engine(plan.network, weights);
  for (std::int64_t k = 0; k < 3; ++k) {
    Tensor slice({1, 1, 1, 8, 12});  // a zero on either side of 10 pixels
    for (std::int64_t n = 0; n < 80; ++n)
      slice.values[static_cast<std::size_t>(n / 10 * 12 + n % 10 + 1)] = ct[{n % 10, n / 10, k}] / 50;
    const Tensor logits = engine->run(slice);
    for (std::int64_t n = 0; n < 80; ++n) {
      const auto at = [&](std::int64_t head) {
        return logits.values[static_cast<std::size_t>((head * 8 + n / 10) * 12 + n % 10 + 1)];
      };
      const int wanted = at(1) > at(0) && at(1) >= at(2) ? 1 : at(2) > at(0) ? 2 : 0;
      EXPECT_EQ(labels[static_cast<std::size_t>(k * 80 + n)], wanted) << n << ' ' << k;
    }
  }
}

TEST_F(PredictTest, OneBadCaseDoesNotStopTheOthers) {
  write_text_file(input_ / "b_0000.nii.gz", "no image");
  fs::copy_file(kScan, input_ / "c_0000.nii.gz");
  const PredictResult result = predict(request(kModel));
  ASSERT_EQ(result.cases.size(), 3u);
  EXPECT_THAT(result.cases[1].fault, HasSubstr("b_0000.nii.gz"));
  EXPECT_FALSE(fs::exists(root_ / "output/b.nii.gz"));
  EXPECT_EQ(voxels(root_ / "output/a.nii.gz"), voxels(root_ / "output/c.nii.gz"));
  EXPECT_THAT(predict_text(result, root_ / "output"), HasSubstr("b: not predicted: "));
  EXPECT_EQ(Json::parse(predict_json(result))["cases"][1]["case"], "b");
}

TEST_F(PredictTest, ExistingResultsCanBeKept) {
  PredictRequest again = request(kModel);
  again.keep_existing = true;
  make_folder(again.output);
  write_text_file(again.output / "a.nii.gz", "mine");
  EXPECT_TRUE(predict(again).cases[0].kept);
  EXPECT_EQ(read_text_file(again.output / "a.nii.gz"), "mine");
}

TEST_F(PredictTest, PostprocessingKeepsTheLargestComponents) {
  PredictRequest with = request(kModel);
  with.postprocessing = root_ / "postprocessing.json";
  write_text_file(with.postprocessing, R"({"postprocessing_fns":
    ["remove_all_but_largest_component_from_segmentation"],
    "postprocessing_kwargs": [{"labels_or_regions": [[1, 2]]}]})");
  predict(request(kModel));
  const auto all = voxels(root_ / "output/a.nii.gz");
  predict(with);
  const auto largest = voxels(root_ / "output/a.nii.gz");
  const auto count = [](const auto& labels) { return std::count(labels.begin(), labels.end(), 0); };
  EXPECT_GT(count(largest), count(all));  // a hardly trained network scatters islands
}

// Values: nnU-Net's own probabilities of this case, stored as float16: 2^-11 of 1 at most from the truth.
TEST_F(PredictTest, ProbabilitiesAreThoseOfNnunet) {
  PredictRequest with = request(kModel);
  with.options = {.step_fraction = 0.5, .mirror = true, .parity = true};
  with.save_probabilities = true;
  predict(with);
  EXPECT_TRUE(fs::exists(root_ / "output/a.pkl"));
  EXPECT_FALSE(fs::exists(root_ / "output/.probabilities"));
  const std::string command = std::string("cd ") + (root_ / "output").string() +
                              " && python3 -c \"import zipfile; zipfile.ZipFile('a.npz').extractall()\"";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const NpyArray got = read_npy(root_ / "output/probabilities.npy");
  const NpyArray wanted = read_npy(kCase / "exported_probabilities_mirror_f16.npy");
  ASSERT_EQ(got.shape, wanted.shape);
  double difference = 0;
  for (std::size_t n = 0; n < got.values.size(); ++n)
    difference = std::max(difference, std::abs(got.values[n] - wanted.values[n]));
  EXPECT_LE(difference, 0x1p-11);
}

TEST_F(PredictTest, ProbabilitiesOfReorientingModelsComeWithoutProperties) {
  const fs::path turned = root_ / "turned";
  write_changed_model(turned, "3d_fullres", [](Weights&) {});
  edit(turned / "plans.json", [](Json& plans) { plans["image_reader_writer"] = "SimpleITKIOWithReorient"; });
  PredictRequest with = request(turned);
  with.save_probabilities = true;
  const PredictedCase done = predict(with).cases[0];
  EXPECT_EQ(done.fault, "");
  EXPECT_THAT(done.notes, testing::Contains(HasSubstr("a.pkl is not written")));
  EXPECT_TRUE(fs::exists(root_ / "output/a.npz"));
  EXPECT_TRUE(fs::exists(root_ / "output/a.nii.gz"));
}

TEST_F(PredictTest, InputsThatCannotBeUsedAreNamed) {
  PredictRequest wrong = request(kModel);
  wrong.input = root_ / "nowhere";
  expect_error(wrong, ErrorCode::kMissing, "there is no folder");
  wrong = request(root_ / "nowhere");
  expect_error(wrong, ErrorCode::kMissing, "no model folder");
  fs::remove(input_ / "a_0000.nii.gz");
  expect_error(request(kModel), ErrorCode::kInvalidInput, "has no file NAME_0000.nii.gz");
}

}  // namespace
}  // namespace hepar
