// SPDX-License-Identifier: Apache-2.0
#include "recipe_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "hepar/recipe/recipe_fields.h"

namespace hepar {
namespace {

std::string option_of(const std::string& field) {
  std::string option = "--" + field;
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
}

}  // namespace

void RecipeOptions::bind(CLI::App& app) {
  app.add_option(
         "--config", config_,
         fmt::format("{}, or a recipe file; the options below change it", fmt::join(recipe_names(), ", ")))
      ->type_name("NAME|FILE")
      ->capture_default_str()
      ->group(kGroup);
  for (const RecipeField& field : recipe_fields()) {
    const std::string option = option_of(field.name);
    if (app.get_option_no_throw(option) != nullptr) continue;
    Given& given = given_[field.name];
    given.option = app.add_option(option, given.value, fmt::format("{} ({})", field.help, field.values))
                       ->type_name("")
                       ->group(kGroup);
  }
}

TrainingRecipe RecipeOptions::recipe() const { return applied_to(find_recipe(config_)); }

TrainingRecipe RecipeOptions::applied_to(TrainingRecipe recipe) const {
  for (const auto& [field, given] : given_) {
    if (given.option->count() > 0) set_recipe_field(recipe, field, given.value);
  }
  return recipe;
}

std::vector<std::string> RecipeOptions::given_arguments() const {
  std::vector<std::string> arguments;
  for (const auto& [field, given] : given_) {
    if (given.option->count() > 0) arguments.insert(arguments.end(), {option_of(field), given.value});
  }
  return arguments;
}

std::vector<std::string> arguments_of(const TrainingRecipe& recipe) {
  std::vector<std::string> arguments{"--config", recipe.name};
  for (const RecipeField& field : recipe_fields()) {
    arguments.push_back(option_of(field.name));
    arguments.push_back(recipe_field(recipe, field.name));
  }
  return arguments;
}

}  // namespace hepar
