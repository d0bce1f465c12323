// SPDX-License-Identifier: Apache-2.0
#include "hepar/recipe/recipe_fields.h"

#include <gtest/gtest.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    return error.what();
  }
  return "no error";
}

TEST(RecipeFields, EveryFieldComesBackFromItsText) {
  const TrainingRecipe from = named_recipe("small");
  TrainingRecipe to;
  for (const RecipeField& field : recipe_fields())
    set_recipe_field(to, field.name, recipe_field(from, field.name));
  to.name = from.name;
  EXPECT_EQ(recipe_json(to), recipe_json(from));
  EXPECT_NE(recipe_json(from), recipe_json(TrainingRecipe()));
}

TEST(RecipeFields, KeepNumbersExactly) {
  TrainingRecipe recipe;
  recipe.learning_rate = 0.1 + 0.2;
  recipe.seed = 18446744073709551615ULL;
  const TrainingRecipe back = parse_recipe(recipe_json(recipe), "test");
  EXPECT_EQ(back.learning_rate, 0.1 + 0.2);
  EXPECT_EQ(back.seed, 18446744073709551615ULL);
  TrainingRecipe by_text;
  set_recipe_field(by_text, "learning_rate", recipe_field(recipe, "learning_rate"));
  EXPECT_EQ(by_text.learning_rate, 0.1 + 0.2);
}

TEST(RecipeFields, SetPatchBatchAndFlags) {
  TrainingRecipe recipe;
  set_recipe_field(recipe, "patch", "64,96,128");
  set_recipe_field(recipe, "batch", "4");
  set_recipe_field(recipe, "mirror", "false");
  EXPECT_EQ(recipe.patch, (std::array<std::int64_t, 3>{64, 96, 128}));
  EXPECT_EQ(recipe.batch, 4);
  EXPECT_FALSE(recipe.augmentation.mirror);
}

TEST(RecipeFields, RefuseWhatIsNotAllowed) {
  TrainingRecipe recipe;
  const auto message = [&](const char* name, const char* value) {
    return message_of([&] { set_recipe_field(recipe, name, value); });
  };
  EXPECT_EQ(message("dropout", "1.5"), "dropout can't be '1.5'; give 0 to 0.95");
  EXPECT_EQ(message("learning_rate", "0"), "learning_rate can't be '0'; give above 0");
  EXPECT_EQ(message("learning_rate", "nan"), "learning_rate can't be 'nan'; give above 0");
  EXPECT_EQ(message("epochs", "3x"), "epochs can't be '3x'; give 1 to 10000000");
  EXPECT_EQ(message("optimiser", "lion"), "optimiser can't be 'lion'; give sgd, adam");
  EXPECT_EQ(message("patch", "64,64"), "patch can't be '64,64'; give D,H,W");
  EXPECT_EQ(message("patch", "64,64,64,64"), "patch can't be '64,64,64,64'; give D,H,W");
  EXPECT_NE(message("learning_speed", "1").find("a recipe has no 'learning_speed'; it has planner, patch"),
            std::string::npos);
  EXPECT_EQ(recipe_json(recipe), recipe_json(TrainingRecipe()));
}

TEST(ParseRecipe, StartsFromANamedOne) {
  const TrainingRecipe recipe =
      parse_recipe(R"({"recipe": "paper", "epochs": 3, "patch": [32, 32, 32]})", "r.json");
  EXPECT_EQ(recipe.name, "paper");
  EXPECT_EQ(recipe.epochs, 3);
  EXPECT_EQ(recipe.dropout, 0.3);
  EXPECT_EQ(recipe.patch, (std::array<std::int64_t, 3>{32, 32, 32}));
}

TEST(ParseRecipe, NamesTheFileAndTheFault) {
  EXPECT_EQ(message_of([] { parse_recipe("[1]", "r.json"); }),
            "r.json is no recipe: it holds no JSON object");
  EXPECT_EQ(message_of([] { parse_recipe(R"({"epochs": -1})", "r.json"); }),
            "r.json: epochs can't be '-1'; give 1 to 10000000");
  EXPECT_NE(
      message_of([] { parse_recipe(R"({"epoch": 1})", "r.json"); }).find("r.json: a recipe has no 'epoch'"),
      std::string::npos);
}

}  // namespace
}  // namespace hepar
