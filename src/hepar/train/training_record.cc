// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/training_record.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/recipe/recipe_fields.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "hepar.training/1";

fs::path file_of(const fs::path& fold_folder) { return fold_folder / "training.json"; }

}  // namespace

TrainingRecord read_training_record(const fs::path& fold_folder) {
  const fs::path file = file_of(fold_folder);
  if (!fs::exists(file)) {
    throw Error(
        ErrorCode::kMissing,
        fmt::format("there is no training to resume: {} is missing; start one with -o", file.string()));
  }
  try {
    const Json json = Json::parse(read_text_file(file));
    if (json.at("format") != kFormat) {
      throw Error(ErrorCode::kUnsupported, fmt::format("{} has the format {}, this program reads {}",
                                                       file.string(), json.at("format").dump(), kFormat));
    }
    TrainingRecord record;
    record.preprocessed = json.at("preprocessed").get<std::string>();
    record.configuration = json.at("configuration").get<std::string>();
    record.split.training = json.at("training_cases").get<std::vector<std::string>>();
    record.split.validation = json.at("validation_cases").get<std::vector<std::string>>();
    record.initial_model = json.at("initial_model").get<std::string>();
    record.recipe = parse_recipe(json.at("recipe").dump(), file.string());
    return record;
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kCorrupt,
                fmt::format("{} is damaged: {}; start the training anew", file.string(), error.what()));
  }
}

void write_training_record(const fs::path& fold_folder, const TrainingRecord& record) {
  Json json;
  json["format"] = kFormat;
  json["note"] = "For research; not a medical device.";
  json["preprocessed"] = record.preprocessed.string();
  json["configuration"] = record.configuration;
  json["initial_model"] = record.initial_model.string();
  json["recipe"] = Json::parse(recipe_json(record.recipe));
  json["training_cases"] = record.split.training;
  json["validation_cases"] = record.split.validation;
  write_text_file(file_of(fold_folder), json.dump(2) + "\n");
}

}  // namespace hepar
