// SPDX-License-Identifier: Apache-2.0
#include "recipe_options.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "hepar/core/error.h"
#include "hepar/recipe/recipe_fields.h"

namespace hepar {
namespace {

TrainingRecipe parsed(std::vector<std::string> arguments) {
  CLI::App app;
  RecipeOptions options;
  options.bind(app);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  app.parse(arguments);
  return options.recipe();
}

TEST(RecipeOptions, ChangeTheNamedRecipeInAnyOrder) {
  EXPECT_EQ(recipe_json(parsed({})), recipe_json(named_recipe("paper")));
  for (const auto& arguments : {std::vector<std::string>{"--learning-rate", "0.5", "--config", "nnunet"},
                                std::vector<std::string>{"--config", "nnunet", "--learning-rate", "0.5"}}) {
    TrainingRecipe expected = named_recipe("nnunet");
    expected.learning_rate = 0.5;
    EXPECT_EQ(recipe_json(parsed(arguments)), recipe_json(expected));
  }
  EXPECT_THROW(parsed({"--learning-rate", "0"}), Error);
  EXPECT_THROW(parsed({"--learning-rate", ""}), Error);
  EXPECT_THROW(parsed({"--config", "papr"}), Error);
}

TEST(RecipeOptions, ArgumentsGiveTheRecipeAgain) {
  TrainingRecipe recipe = named_recipe("small");
  recipe.learning_rate = 0.1 + 0.2;
  recipe.patch = {32, 64, 96};
  recipe.augmentation.mirror = true;
  recipe.seed = 18446744073709551615ULL;
  EXPECT_EQ(recipe_json(parsed(arguments_of(recipe))), recipe_json(recipe));
}

TEST(RecipeOptions, LeaveACommandsOwnOptionsAlone) {
  CLI::App app;
  int seed = 1;
  app.add_option("--seed", seed);
  RecipeOptions options;
  options.bind(app);
  std::vector<std::string> arguments{"7", "--seed"};
  app.parse(arguments);
  EXPECT_EQ(seed, 7);
  EXPECT_EQ(options.recipe().seed, named_recipe("paper").seed);
}

}  // namespace
}  // namespace hepar
