// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "hepar/recipe/training_recipe.h"

namespace hepar {

// One number of a recipe as the user meets it: the option --NAME with dashes, the key NAME of a recipe file.
struct RecipeField {
  std::string name;    // "learning_rate"
  std::string help;    // one line
  std::string values;  // what is allowed: "0 to 1", "sgd, adam", "D,H,W"
};
const std::vector<RecipeField>& recipe_fields();

// The value in the form that set_recipe_field() takes: exact, numbers in the shortest decimal form.
std::string recipe_field(const TrainingRecipe& recipe, const std::string& name);
// Error(kInvalidInput) names the field, the value seen and those allowed.
void set_recipe_field(TrainingRecipe& recipe, const std::string& name, const std::string& value);

// A recipe file: a JSON object of fields, "recipe" naming the one it starts from (else nnunet). An unknown
// key is Error(kInvalidInput). recipe_json() writes all fields.
TrainingRecipe read_recipe(const std::filesystem::path& file);
TrainingRecipe parse_recipe(const std::string& json, const std::string& source);
std::string recipe_json(const TrainingRecipe& recipe);

// A named recipe, or else a recipe file.
TrainingRecipe find_recipe(const std::string& name_or_file);

}  // namespace hepar
