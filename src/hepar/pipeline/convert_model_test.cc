// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/convert_model.h"

#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "hepar/core/error.h"
#include "hepar/pipeline/model_info.h"
#include "hepar/pipeline/test_folder.h"
#include "hepar/pipeline/test_model.h"
#include "hepar/tensors/torch_checkpoint.h"

namespace hepar {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace test_model;

const fs::path kResidualCase = HEPAR_GOLDEN "/nnunet/case4_resenc_transposed_sepz";
const fs::path kResidualModel =
    kResidualCase / "model/Dataset804_LiverSagittalResEnc/nnUNetTrainer__nnUNetResEncUNetMPlans__3d_fullres";

// "name (sizes) type" in every line, from nnU-Net itself.
std::set<std::string> golden_names(const fs::path& case_folder) {
  std::ifstream file(case_folder / "state_dict_keys.txt");
  std::set<std::string> names;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) names.insert(line.substr(0, line.find(' ')));
  }
  return names;
}

std::set<std::string> our_names(const fs::path& model) {
  const NetworkSpec spec = read_model_folder(model).plan.network;
  std::set<std::string> names;
  for (const auto& [parameter, shape] : parameters_of(spec))
    for (const std::string& name : state_dict_names(spec, parameter)) names.insert(name);
  return names;
}

TEST(StateDictNames, AreThoseOfNnunet) {
  EXPECT_EQ(our_names(kModel), golden_names(kCase));
  EXPECT_EQ(our_names(kResidualModel), golden_names(kResidualCase));
}

TEST(StateDictNames, ADropoutLayerTakesAPlace) {
  NetworkSpec spec;
  spec.dropout = 0.3;
  EXPECT_THAT(
      state_dict_names(spec, "decoder.stages.0.convs.1.norm.bias"),
      ElementsAre("decoder.stages.0.convs.1.norm.bias", "decoder.stages.0.convs.1.all_modules.2.bias"));
  EXPECT_THAT(state_dict_names(spec, "encoder.stages.1.blocks.0.conv2.norm.bias"),
              testing::Contains("encoder.stages.1.blocks.0.conv2.all_modules.1.bias"));
}

class ConvertModel : public ScratchFolder, public testing::WithParamInterface<fs::path> {};

// There and back again: the same names and the same numbers as in nnU-Net's own file.
TEST_P(ConvertModel, KeepsEveryWeight) {
  convert_model({.model = GetParam(), .output = root_ / "ours", .selection = {}, .to = ModelForm::kHepar});
  convert_model(
      {.model = root_ / "ours", .output = root_ / "back", .selection = {}, .to = ModelForm::kNnunet});
  const ModelFolder wanted = read_model_folder(GetParam()), ours = read_model_folder(root_ / "ours"),
                    back = read_model_folder(root_ / "back");
  ASSERT_EQ(back.checkpoints.size(), wanted.checkpoints.size());
  for (const ModelFolder* model : {&ours, &back}) {
    EXPECT_EQ(model->plan.configuration, wanted.plan.configuration);
    EXPECT_EQ(model->mirror_axes, wanted.mirror_axes);
    EXPECT_EQ(model->trainer, wanted.trainer);
    const FoldInfo first = fold_info(wanted, wanted.checkpoints[0]),
                   same = fold_info(*model, model->checkpoints[0]);
    EXPECT_TRUE(first.epochs.has_value());
    EXPECT_EQ(same.epochs, first.epochs);
    EXPECT_EQ(same.pseudo_dice, first.pseudo_dice);
  }
  for (std::size_t n = 0; n < wanted.checkpoints.size(); ++n) {
    const TorchCheckpoint first(wanted.checkpoints[n].file), second(back.checkpoints[n].file);
    ASSERT_EQ(first.tensors().size(), second.tensors().size());
    for (const auto& [name, entry] : first.tensors()) {
      EXPECT_EQ(first.read(name).values, second.read(name).values) << name;
      EXPECT_EQ(first.read(name).shape, second.read(name).shape) << name;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Golden, ConvertModel, testing::Values(kModel, kResidualModel),
                         [](const auto& tested) {
                           return std::string(tested.index == 0 ? "plain" : "residual");
                         });

class ConvertOne : public ScratchFolder {};

TEST_F(ConvertOne, SelectsFoldsAndSaysWhereAModelComesFrom) {
  const auto files = convert_model(
      {.model = kModel, .output = root_ / "ours", .selection = {.folds = {"1"}, .checkpoint = {}}, .to = {}});
  EXPECT_THAT(files, ElementsAre("plans.json", "dataset.json", "fold_1/checkpoint_final.safetensors",
                                 "MODEL_CARD.md"));
  EXPECT_THAT(read_text_file(root_ / "ours/MODEL_CARD.md"), HasSubstr("not known to Hepar"));
}

TEST_F(ConvertOne, AModelIsNotOverwritten) {
  write_changed_model(root_ / "model", "3d_fullres", [](Weights&) {});
  EXPECT_THROW(
      convert_model({.model = root_ / "model", .output = root_ / "model", .selection = {}, .to = {}}), Error);
}

TEST_F(ConvertOne, DamagedWeightsLeaveNothing) {
  fs::copy(kModel, root_ / "model", fs::copy_options::recursive);
  const fs::path file = root_ / "model/fold_0/checkpoint_final.pth";
  fs::resize_file(file, fs::file_size(file) / 2);
  EXPECT_THROW(convert_model({.model = root_ / "model", .output = root_ / "ours", .selection = {}, .to = {}}),
               Error);
  EXPECT_FALSE(fs::exists(root_ / "ours"));
}

// epochs and pseudo Dice as `hepar model info` shows them: current_epoch and the last of ema_fg_dice in the
// golden checkpoints, read once with Python's torch.load.
TEST(ModelInfo, TellsWhatAModelIs) {
  const ModelInfo info = model_info(kModel);
  ASSERT_EQ(info.folds.size(), 2u);
  EXPECT_EQ(info.folds[0].epochs, 5);
  EXPECT_EQ(info.folds[1].epochs, 3);
  EXPECT_NEAR(info.folds[0].pseudo_dice.value(), 0.404, 5e-4);
  EXPECT_FALSE(info.folds[0].validation_dice.has_value());
  EXPECT_THAT(info.liver->tumour, ElementsAre(2));
  const Json json = Json::parse(model_info_json(info));
  EXPECT_EQ(json["labels"]["liver"], Json({1, 2}));
  EXPECT_EQ(json["mirror_axes"], Json({0, 1, 2}));
  EXPECT_THAT(model_info_text(info), HasSubstr("tumour 2, liver 1, cyst none; the lesion filter will run"));
}

// Every number of the list of parameters, counted once: sum over state_dict_keys.txt without duplicates.
TEST(ModelInfo, CountsParameters) {
  std::ifstream file(kCase / "state_dict_keys.txt");
  std::int64_t wanted = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.find("all_modules") != std::string::npos || line.starts_with("decoder.encoder.")) continue;
    std::int64_t count = 1;
    for (std::size_t at = line.find('(') + 1; at < line.find(')');) {
      std::size_t used = 0;
      count *= std::stoll(line.substr(at), &used);
      at = line.find_first_of("0123456789)", at + used);
    }
    wanted += count;
  }
  EXPECT_EQ(model_info(kModel).parameters, wanted);
}

}  // namespace
}  // namespace hepar
