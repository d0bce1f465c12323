// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "hepar/recipe/training_recipe.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace hepar {

// --config and one option for each field of a recipe, in the help's group "Recipe": learning_rate is
// --learning-rate. An option that the command has already keeps its own meaning.
class RecipeOptions {
 public:
  explicit RecipeOptions(std::string config = "paper") : config_(std::move(config)) {}
  // This object must stay where it is until the command line is parsed.
  void bind(CLI::App& app);
  // The named recipe or recipe file with the given options applied, whatever their order on the command line.
  // Error(kInvalidInput) names the option's field, the value seen and those allowed.
  TrainingRecipe recipe() const;
  // The same options applied to another recipe, that of a run that goes on; --config is not.
  TrainingRecipe applied_to(TrainingRecipe recipe) const;
  std::vector<std::string> given_arguments() const;  // those options, without --config

  static constexpr const char* kGroup = "Recipe";

 private:
  std::string config_;
  struct Given {
    const CLI::Option* option = nullptr;
    std::string value;
  };
  std::map<std::string, Given> given_;  // by field
};

// The options that give this recipe: "--config", its name, and then every field.
std::vector<std::string> arguments_of(const TrainingRecipe& recipe);

}  // namespace hepar
