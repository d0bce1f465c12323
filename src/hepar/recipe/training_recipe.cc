// SPDX-License-Identifier: Apache-2.0
#include "hepar/recipe/training_recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

// What nnU-Net changes beyond rotation and gamma.
void keep_rotation_and_gamma(AugmentationRecipe& augmentation) {
  augmentation.scaling_chance = augmentation.noise_chance = augmentation.blur_chance = 0;
  augmentation.brightness_chance = augmentation.contrast_chance = augmentation.low_resolution_chance = 0;
  augmentation.mirror = false;
}

TrainingRecipe paper_recipe() {
  TrainingRecipe recipe;
  recipe.name = "paper";
  recipe.dropout = 0.3;
  recipe.optimiser = "adam";
  recipe.learning_rate = 2e-4;
  recipe.weight_decay = 0;
  recipe.gradient_clip = 0;
  recipe.schedule = "constant";
  recipe.loss = "paper";
  recipe.scales = 4;
  keep_rotation_and_gamma(recipe.augmentation);
  return recipe;
}

// Two cores make about a thousand iterations an hour: a larger step, that falls, and no dropout, which slows
// learning.
TrainingRecipe small_recipe() {
  TrainingRecipe recipe = paper_recipe();
  recipe.name = "small";
  recipe.planner = "small";
  recipe.dropout = 0;
  recipe.epochs = 40;
  recipe.iterations = 50;
  recipe.validation_iterations = 10;
  recipe.learning_rate = 1e-3;
  recipe.schedule = "poly";
  recipe.augmentation.rotation_deg = 15;
  recipe.augmentation.scaling_chance = 0.2;
  recipe.augmentation.noise_chance = 0.15;
  recipe.augmentation.darkening_chance = 0.4;
  return recipe;
}

}  // namespace

const std::vector<std::string>& recipe_names() {
  static const std::vector<std::string> names{"paper", "nnunet", "small"};
  return names;
}

TrainingRecipe named_recipe(const std::string& name) {
  if (name == "nnunet") return {};
  if (name == "paper") return paper_recipe();
  if (name == "small") return small_recipe();
  throw Error(ErrorCode::kInvalidInput,
              fmt::format("there is no recipe '{}'; there are {}", name, fmt::join(recipe_names(), ", ")));
}

void check_kernels(const std::string& kernels, const std::string& device, const TrainingRecipe& recipe) {
  if (kernels != "hepar") return;
  if (device != "cpu") {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("Hepar's kernels train on a CPU, and the device is {}; leave out --kernels hepar",
                            device));
  }
  if (recipe.precision == "bfloat16") {
    throw Error(
        ErrorCode::kInvalidInput,
        "Hepar's kernels train in float32, and the precision is bfloat16; leave out --kernels hepar, or "
        "give --precision float32");
  }
}

}  // namespace hepar
