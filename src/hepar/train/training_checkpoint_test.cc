// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/training_checkpoint.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"
#include "hepar/train/test_dataset.h"

namespace hepar {
namespace {

const Weights kWeights{{"a", {{2}, {1.5F, -0.1F}}}};
const Weights kState{{"sgd.momentum.a", {{2}, {3e-30F, 7.0F}}}};

TEST(TrainingCheckpoint, ComesBackExactly) {
  const testing::ScratchFolder folder("hepar_checkpoint");
  const auto file = folder.path() / "c.safetensors";
  const TrainingPosition position{.epoch = 3,
                                  .iteration = 7,
                                  .iterations_per_epoch = 9,
                                  .loss_sum = 0.1 + 0.2,
                                  .pseudo_dice_average = 1.0 / 3,
                                  .best_average = {}};
  write_training_checkpoint(file, kWeights, kState, position, {});
  const TrainingCheckpoint back = read_training_checkpoint(file);
  EXPECT_EQ(back.weights.at("a").values, kWeights.at("a").values);
  EXPECT_EQ(back.optimiser_state.at("sgd.momentum.a").values, kState.at("sgd.momentum.a").values);
  EXPECT_EQ(back.weights.size(), 1U);
  EXPECT_EQ(back.optimiser_state.size(), 1U);
  EXPECT_EQ(back.position.epoch, 3);
  EXPECT_EQ(back.position.iteration, 7);
  EXPECT_EQ(back.position.iterations_per_epoch, 9);
  EXPECT_EQ(back.position.loss_sum, 0.1 + 0.2);
  EXPECT_EQ(back.position.pseudo_dice_average, 1.0 / 3);
  EXPECT_FALSE(back.position.best_average);
}

TEST(TrainingCheckpoint, IsNoModelOfOtherKind) {
  const testing::ScratchFolder folder("hepar_checkpoint_other");
  const auto file = folder.path() / "c.safetensors";
  write_model_weights(file, kWeights, checkpoint_facts(testing::tiny_plan(), true));
  try {
    read_training_checkpoint(file);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
    EXPECT_NE(std::string(error.what()).find("is no checkpoint of a training: it has no epoch"),
              std::string::npos);
  }
}

TEST(TrainingCheckpoint, TellsWhatAModelFolderAsks) {
  const ModelPlan plan = testing::tiny_plan();
  EXPECT_EQ(checkpoint_facts(plan, true).at("inference_allowed_mirroring_axes"), "[0, 1, 2]");
  EXPECT_EQ(checkpoint_facts(plan, true).at("configuration"), "3d_fullres");
  EXPECT_FALSE(checkpoint_facts(plan, false).contains("inference_allowed_mirroring_axes"));
}

}  // namespace
}  // namespace hepar
