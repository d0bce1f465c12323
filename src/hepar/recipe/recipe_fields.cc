// SPDX-License-Identifier: Apache-2.0
#include "hepar/recipe/recipe_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"

namespace hepar {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Choices = std::vector<std::string>;

struct Range {
  double low = 0, high = std::numeric_limits<double>::infinity();
  bool open = false;  // low itself is not allowed
};
constexpr Range kShare{0, 1};
constexpr Range kAny{};
constexpr Range kPositive{0, std::numeric_limits<double>::infinity(), true};

// The one list of what a recipe holds: `visit(name, help, allowed, value)` for each field.
template <class Recipe, class Visitor>
void visit_fields(Recipe& r, Visitor&& visit) {
  visit("planner", "How to plan a dataset: by its fingerprint, or the small demonstration network",
        Choices{"nnunet", "small"}, r.planner);
  visit("patch", "Patch size in voxels; 0,0,0: as planned", kAny, r.patch);
  visit("batch", "Patches per iteration, over all processes; 0: as planned", Range{0, 4096}, r.batch);
  visit("dropout", "Share of the channels dropped after each convolution", Range{0, 0.95}, r.dropout);
  visit("epochs", "Epochs", Range{1, 1e7}, r.epochs);
  visit("iterations", "Iterations per epoch", Range{1, 1e7}, r.iterations);
  visit("validation_iterations", "Batches that make the pseudo-Dice after an epoch", Range{0, 1e6},
        r.validation_iterations);
  visit("optimiser", "Optimiser; sgd has a Nesterov momentum", Choices{"sgd", "adam"}, r.optimiser);
  visit("learning_rate", "Step size at the start", kPositive, r.learning_rate);
  visit("momentum", "Momentum of sgd", Range{0, 1}, r.momentum);
  visit("weight_decay", "Weight decay, added to the gradient", kAny, r.weight_decay);
  visit("schedule", "Step size over the epochs: poly is (1 - epoch / epochs)^0.9",
        Choices{"poly", "constant"}, r.schedule);
  visit("gradient_clip", "Largest norm of the gradients; 0: no limit", kAny, r.gradient_clip);
  visit("loss", "nnU-Net's loss, or formula 1 of Lin et al. 2024", Choices{"nnunet", "paper"}, r.loss);
  visit("scales", "Finest outputs that the loss sees; 0: all", Range{0, 16}, r.scales);
  visit("oversample_foreground", "Share of the patches centred on foreground", kShare,
        r.oversample_foreground);
  visit("seed", "Same seed, data and threads: same weights", kAny, r.seed);
  visit("precision", "Of the convolutions; auto: bfloat16 on CUDA alone",
        Choices{"auto", "float32", "bfloat16"}, r.precision);
  auto& a = r.augmentation;
  visit("rotation_chance", "Chance of a rotation", kShare, a.rotation_chance);
  visit("rotation_deg",
        "Largest angle about each axis; 30 is nnU-Net's 180 where slices turn in their plane alone",
        Range{0, 180}, a.rotation_deg);
  visit("scaling_chance", "Chance of a scaling", kShare, a.scaling_chance);
  visit("scale_low", "Smallest scale", Range{0.1, 1}, a.scale_low);
  visit("scale_high", "Largest scale; above 1 shows more of the image", Range{1, 10}, a.scale_high);
  visit("darkening_chance", "Chance that the lesions of a patch move towards fluid", kShare,
        a.darkening_chance);
  visit("noise_chance", "Chance of white noise", kShare, a.noise_chance);
  visit("noise_sd", "Largest SD of the noise, in normalised units", kAny, a.noise_sd);
  visit("blur_chance", "Chance of a blur", kShare, a.blur_chance);
  visit("blur_channel_chance", "... of each channel", kShare, a.blur_channel_chance);
  visit("blur_low", "Smallest sigma in voxels", kPositive, a.blur_low);
  visit("blur_high", "Largest sigma in voxels", kPositive, a.blur_high);
  visit("brightness_chance", "Chance of a brightness factor", kShare, a.brightness_chance);
  visit("brightness_low", "Smallest factor", Range{0, 1}, a.brightness_low);
  visit("brightness_high", "Largest factor", Range{1, 100}, a.brightness_high);
  visit("contrast_chance", "Chance of a contrast factor", kShare, a.contrast_chance);
  visit("contrast_low", "Smallest factor", Range{0, 1}, a.contrast_low);
  visit("contrast_high", "Largest factor", Range{1, 100}, a.contrast_high);
  visit("low_resolution_chance", "Chance of a simulated lower resolution", kShare, a.low_resolution_chance);
  visit("low_resolution_channel_chance", "... of each channel", kShare, a.low_resolution_channel_chance);
  visit("low_resolution_scale", "Lowest resolution, as a share of the patch's", Range{0, 1, true},
        a.low_resolution_scale);
  visit("gamma_inverted_chance", "Chance of a gamma on the inverted image", kShare, a.gamma_inverted_chance);
  visit("gamma_chance", "Chance of a gamma", kShare, a.gamma_chance);
  visit("gamma_low", "Smallest exponent", Range{0, 1, true}, a.gamma_low);
  visit("gamma_high", "Largest exponent", Range{1, 100}, a.gamma_high);
  visit("mirror", "Mirror along each axis", Choices{"true", "false"}, a.mirror);
}

std::string text_of(const Choices& choices) { return fmt::format("{}", fmt::join(choices, ", ")); }
std::string text_of(const Range& range) {
  const bool bounded = range.high < std::numeric_limits<double>::infinity();
  if (range.open)
    return bounded ? fmt::format("above {} to {}", range.low, range.high)
                   : fmt::format("above {}", range.low);
  return bounded ? fmt::format("{} to {}", range.low, range.high) : fmt::format("from {}", range.low);
}
template <class Allowed, class Value>
std::string values_of(const Allowed& allowed, const Value&) {
  return text_of(allowed);
}
std::string values_of(const Range&, const std::array<std::int64_t, 3>&) { return "D,H,W"; }

std::string value_text(const std::string& value) { return value; }
std::string value_text(bool value) { return value ? "true" : "false"; }
std::string value_text(const std::array<std::int64_t, 3>& value) {
  return fmt::format("{}", fmt::join(value, ","));
}
template <class Number>
std::string value_text(const Number& value) {
  return fmt::format("{}", value);
}

template <class Number>
bool parse_number(std::string_view text, const Range& range, Number& value) {
  Number parsed{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  const auto number = static_cast<double>(parsed);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if (!(number >= range.low && number <= range.high) || (range.open && number == range.low)) return false;
  value = parsed;
  return true;
}

bool parse_value(const std::string& text, const Choices& choices, std::string& value) {
  if (std::find(choices.begin(), choices.end(), text) == choices.end()) return false;
  value = text;
  return true;
}
bool parse_value(const std::string& text, const Choices& choices, bool& value) {
  if (std::find(choices.begin(), choices.end(), text) == choices.end()) return false;
  value = text == "true";
  return true;
}
bool parse_value(const std::string& text, const Range&, std::array<std::int64_t, 3>& value) {
  std::array<std::int64_t, 3> parsed{};
  std::string_view rest = text;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto comma = rest.find(',');
    if ((comma == std::string_view::npos) != (axis == 2)) return false;
    if (!parse_number(rest.substr(0, comma), Range{0, 4096}, parsed[axis])) return false;
    rest.remove_prefix(axis == 2 ? rest.size() : comma + 1);
  }
  value = parsed;
  return true;
}
template <class Number>
bool parse_value(const std::string& text, const Range& range, Number& value) {
  return parse_number(text, range, value);
}

[[noreturn]] void fail_unknown(const std::string& name) {
  Choices names;
  for (const RecipeField& field : recipe_fields()) names.push_back(field.name);
  throw Error(ErrorCode::kInvalidInput,
              fmt::format("a recipe has no '{}'; it has {}", name, fmt::join(names, ", ")));
}

// As set_recipe_field() takes it.
std::string value_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::string list;
  for (const Json& item : value) list.append(list.empty() ? "" : ",").append(item.dump());
  return list;
}

Json as_json(const std::array<std::int64_t, 3>& value) { return value; }
template <class Value>
Json as_json(const Value& value) {
  return value;
}

}  // namespace

const std::vector<RecipeField>& recipe_fields() {
  static const std::vector<RecipeField> fields = [] {
    std::vector<RecipeField> list;
    TrainingRecipe recipe;
    visit_fields(recipe, [&](const char* name, const char* help, const auto& allowed, const auto& value) {
      list.push_back({name, help, values_of(allowed, value)});
    });
    return list;
  }();
  return fields;
}

std::string recipe_field(const TrainingRecipe& recipe, const std::string& wanted) {
  std::string text;
  bool found = false;
  visit_fields(recipe, [&](const char* name, const char*, const auto&, const auto& value) {
    if (name != wanted) return;
    found = true;
    text = value_text(value);
  });
  if (!found) fail_unknown(wanted);
  return text;
}

void set_recipe_field(TrainingRecipe& recipe, const std::string& wanted, const std::string& text) {
  bool found = false;
  visit_fields(recipe, [&](const char* name, const char*, const auto& allowed, auto& value) {
    if (name != wanted) return;
    found = true;
    if (!parse_value(text, allowed, value)) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("{} can't be '{}'; give {}", name, text, values_of(allowed, value)));
    }
  });
  if (!found) fail_unknown(wanted);
}

TrainingRecipe parse_recipe(const std::string& text, const std::string& source) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    throw Error(ErrorCode::kInvalidInput, fmt::format("{} is no recipe: it holds no JSON object", source));
  }
  try {
    TrainingRecipe recipe = named_recipe(json.contains("recipe") ? value_text(json["recipe"]) : "nnunet");
    for (const auto& [name, value] : json.items()) {
      if (name != "recipe") set_recipe_field(recipe, name, value_text(value));
    }
    return recipe;
  } catch (const Error& error) {
    throw error.during(source);
  }
}

TrainingRecipe read_recipe(const fs::path& file) { return parse_recipe(read_text_file(file), file.string()); }

std::string recipe_json(const TrainingRecipe& recipe) {
  Json json;
  json["recipe"] = recipe.name;
  visit_fields(recipe, [&](const char* name, const char*, const auto&, const auto& value) {
    json[name] = as_json(value);
  });
  return json.dump(2);
}

TrainingRecipe find_recipe(const std::string& name_or_file) {
  const auto& names = recipe_names();
  if (std::find(names.begin(), names.end(), name_or_file) == names.end() && fs::exists(name_or_file))
    return read_recipe(name_or_file);
  return named_recipe(name_or_file);
}

}  // namespace hepar
