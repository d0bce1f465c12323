// SPDX-License-Identifier: Apache-2.0
#include "hepar/recipe/training_recipe.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// Lin et al. 2024, section 2: dropout 0.3, Adam, learning rate 0.0002, 1000 epochs, K = 4 scales, gamma and
// rotation.
TEST(NamedRecipe, PaperHasThePapersNumbers) {
  const TrainingRecipe paper = named_recipe("paper");
  EXPECT_EQ(paper.optimiser, "adam");
  EXPECT_EQ(paper.learning_rate, 0.0002);
  EXPECT_EQ(paper.dropout, 0.3);
  EXPECT_EQ(paper.epochs, 1000);
  EXPECT_EQ(paper.scales, 4);
  EXPECT_EQ(paper.loss, "paper");
  EXPECT_GT(paper.augmentation.rotation_chance, 0);
  EXPECT_GT(paper.augmentation.gamma_chance, 0);
  EXPECT_EQ(paper.augmentation.noise_chance, 0);
  EXPECT_FALSE(paper.augmentation.mirror);
}

// nnUNetTrainer.py, __init__ and configure_optimizers.
TEST(NamedRecipe, NnunetHasItsTrainersNumbers) {
  const TrainingRecipe nnunet = named_recipe("nnunet");
  EXPECT_EQ(nnunet.optimiser, "sgd");
  EXPECT_EQ(nnunet.learning_rate, 0.01);
  EXPECT_EQ(nnunet.momentum, 0.99);
  EXPECT_EQ(nnunet.weight_decay, 3e-5);
  EXPECT_EQ(nnunet.epochs, 1000);
  EXPECT_EQ(nnunet.iterations, 250);
  EXPECT_EQ(nnunet.validation_iterations, 50);
  EXPECT_EQ(nnunet.gradient_clip, 12);
  EXPECT_EQ(nnunet.oversample_foreground, 0.33);
  EXPECT_TRUE(nnunet.augmentation.mirror);
}

TEST(NamedRecipe, KnowsItsNamesAlone) {
  for (const std::string& name : recipe_names()) EXPECT_EQ(named_recipe(name).name, name);
  try {
    named_recipe("papr");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), "there is no recipe 'papr'; there are paper, nnunet, small");
  }
}

TEST(CheckKernels, RefusesHeparsWhereTheyCannotTrain) {
  TrainingRecipe recipe;
  const auto refusal = [&](const std::string& kernels, const std::string& device) -> std::string {
    try {
      check_kernels(kernels, device, recipe);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(refusal("hepar", "cpu"), "");
  EXPECT_EQ(refusal("hepar", "cuda:1"),
            "Hepar's kernels train on a CPU, and the device is cuda:1; leave out --kernels hepar");
  recipe.precision = "float32";
  EXPECT_EQ(refusal("hepar", "cpu"), "");
  recipe.precision = "bfloat16";
  EXPECT_EQ(
      refusal("hepar", "cpu"),
      "Hepar's kernels train in float32, and the precision is bfloat16; leave out --kernels hepar, or give "
      "--precision float32");
  for (const char* silent : {"", "libtorch"}) {
    EXPECT_EQ(refusal(silent, "cpu"), "");
    EXPECT_EQ(refusal(silent, "cuda"), "");
  }
}

}  // namespace
}  // namespace hepar
