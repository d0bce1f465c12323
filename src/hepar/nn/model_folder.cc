// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/model_folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "hepar/core/error.h"
#include "hepar/nn/json_file.h"
#include "hepar/tensors/torch_checkpoint.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using Json = nlohmann::ordered_json;

constexpr const char* kOurs = ".safetensors";
constexpr const char* kTorch = ".pth";

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// A results folder holds one folder for each trainer, plan and configuration; users name the wrong level.
[[noreturn]] void fail_without_plans(const fs::path& folder) {
  std::vector<std::string> models;
  for (const fs::path& entry : files_of(folder)) {
    if (fs::exists(entry / "plans.json")) models.push_back(entry.filename().string());
  }
  throw Error(
      ErrorCode::kMissing,
      models.empty()
          ? fmt::format("{} has no plans.json; name the folder that nnU-Net calls "
                        "TRAINER__PLANS__CONFIGURATION, with plans.json, dataset.json and fold_K in it",
                        folder.string())
          : fmt::format("{} has no plans.json but models in it; name one of its folders: {}", folder.string(),
                        fmt::join(models, ", ")));
}

std::string without_suffix(const std::string& name) {
  for (const std::string suffix : {kOurs, kTorch}) {
    if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  }
  return name;
}

std::optional<FoldCheckpoint> checkpoint_in(const fs::path& folder, const std::string& fold,
                                            const std::string& name) {
  for (const char* suffix : {kOurs, kTorch}) {
    const fs::path file = folder / ("fold_" + fold) / (name + suffix);
    if (fs::is_regular_file(file)) return FoldCheckpoint{fold, file};
  }
  return {};
}

// Smaller numbers first; "all" stands alone.
bool is_before(const FoldCheckpoint& a, const FoldCheckpoint& b) {
  return std::pair(a.fold.size(), a.fold) < std::pair(b.fold.size(), b.fold);
}

[[noreturn]] void fail_without_checkpoint(const fs::path& folder, const std::string& fold,
                                          const std::string& name) {
  std::vector<std::string> there;
  for (const fs::path& entry : files_of(folder)) {
    if (!entry.filename().string().starts_with("fold_") || !fs::is_directory(entry)) continue;
    for (const fs::path& file : files_of(entry)) {
      if (file.extension() == kOurs || file.extension() == kTorch)
        there.push_back((entry.filename() / file.filename()).string());
    }
  }
  throw Error(ErrorCode::kMissing,
              fmt::format("{} has no fold_{}/{}.safetensors or .pth; {}", folder.string(), fold, name,
                          there.empty() ? "there are no weights at all"
                                        : fmt::format("there is {}", fmt::join(there, ", "))));
}

std::vector<FoldCheckpoint> find_checkpoints(const fs::path& folder, const ModelSelection& selection) {
  const std::string name =
      selection.checkpoint.empty() ? "checkpoint_final" : without_suffix(selection.checkpoint);
  std::vector<FoldCheckpoint> found;
  for (const std::string& fold : selection.folds) {
    const auto checkpoint = checkpoint_in(folder, fold, name);
    if (!checkpoint) fail_without_checkpoint(folder, fold, name);
    found.push_back(*checkpoint);
  }
  if (!selection.folds.empty()) return found;
  for (const fs::path& entry : files_of(folder)) {
    const std::string fold = entry.filename().string();
    if (!fold.starts_with("fold_") || !is_number(fold.substr(5))) continue;
    if (const auto checkpoint = checkpoint_in(folder, fold.substr(5), name)) found.push_back(*checkpoint);
  }
  if (found.empty()) {
    const auto of_all_cases = checkpoint_in(folder, "all", name);
    if (!of_all_cases) fail_without_checkpoint(folder, "K", name);
    found.push_back(*of_all_cases);
  }
  std::sort(found.begin(), found.end(), is_before);
  return found;
}

// What a checkpoint tells besides its weights.
struct CheckpointFacts {
  std::string configuration, trainer;
  std::vector<int> mirror_axes;  // of the configuration: a 2d one counts h as 0
};

std::vector<int> read_mirror_axes(const JsonNode& root) {
  std::vector<int> axes;
  if (!root.has("inference_allowed_mirroring_axes")) return axes;
  for (const auto& item : root.at("inference_allowed_mirroring_axes").list()) {
    const std::int64_t axis = item.integer();
    if (axis < 0 || axis > 2) item.fail(fmt::format("is {}, not an axis", axis));
    axes.push_back(static_cast<int>(axis));
  }
  return axes;
}

CheckpointFacts read_facts(const fs::path& file) {
  CheckpointFacts facts;
  if (file.extension() == kTorch) {
    const TorchCheckpoint checkpoint(file);
    const Json document = Json::parse(checkpoint.info_json());
    const JsonNode root(document, file.string());
    if (root.has("trainer_name")) facts.trainer = root.at("trainer_name").text();
    if (root.has("init_args") && root.at("init_args").has("configuration"))
      facts.configuration = root.at("init_args").at("configuration").text();
    facts.mirror_axes = read_mirror_axes(root);
    return facts;
  }
  const SafetensorsFile tensors(file);
  const auto& metadata = tensors.metadata();
  const auto text = [&](const char* key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::string() : found->second;
  };
  facts.configuration = text("configuration");
  facts.trainer = text("trainer_name");
  const std::string axes = text("inference_allowed_mirroring_axes");
  Json document;
  document["inference_allowed_mirroring_axes"] =
      axes.empty() ? Json(nullptr) : Json::parse(axes, nullptr, false);
  facts.mirror_axes = read_mirror_axes(JsonNode(document, file.string()));
  return facts;
}

// Last resort for checkpoints that don't tell: TRAINER__PLANS__CONFIGURATION, or the demo model's.
std::string configuration_by_name(const fs::path& folder) {
  const std::string name = fs::absolute(folder / "x").parent_path().filename().string();
  const auto at = name.rfind("__");
  return at == std::string::npos ? "3d_fullres" : name.substr(at + 2);
}

// nnU-Net's state_dict names the same tensors several times.
bool is_duplicate(const std::string& name) {
  return name.starts_with("decoder.encoder.") || name.find(".all_modules.") != std::string::npos;
}

// A kernel of slices gets one voxel along d.
void add_depth(Weights& weights) {
  for (auto& [name, tensor] : weights) {
    if (tensor.shape.size() == 4) tensor.shape.insert(tensor.shape.begin() + 2, 1);
  }
}

Weights read_parameters(const fs::path& file) {
  Weights weights;
  if (file.extension() == kTorch) {
    const TorchCheckpoint checkpoint(file);
    for (const auto& [name, entry] : checkpoint.tensors()) {
      if (!is_duplicate(name)) weights[name] = checkpoint.read(name);
    }
    return weights;
  }
  const SafetensorsFile tensors(file);
  for (const auto& [name, entry] : tensors.entries()) {
    if (!is_duplicate(name) && !name.starts_with("optimiser.")) weights[name] = as_float32(entry);
  }
  return weights;
}

}  // namespace

ModelFolder read_model_folder(const fs::path& folder, const ModelSelection& selection) {
  if (!fs::is_directory(folder)) {
    throw Error(ErrorCode::kMissing, fmt::format("there is no model folder {}", folder.string()));
  }
  if (!fs::exists(folder / "plans.json")) fail_without_plans(folder);
  ModelFolder model;
  model.path = folder;
  model.labels = read_dataset_labels(folder / "dataset.json");
  model.checkpoints = find_checkpoints(folder, selection);
  CheckpointFacts facts = read_facts(model.checkpoints.front().file);
  if (facts.configuration.empty()) facts.configuration = configuration_by_name(folder);
  model.trainer = facts.trainer;
  model.plan = read_plan(folder / "plans.json", facts.configuration);
  model.mirror_axes = facts.mirror_axes;
  if (model.plan.two_dimensional)
    for (int& axis : model.mirror_axes) ++axis;
  NetworkSpec& network = model.plan.network;
  const std::size_t channels = model.labels.channel_names.size();
  if (channels != 0 && static_cast<std::int64_t>(channels) != network.input_channels) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} has {} channels, but plans.json beside it normalises {}",
                            (folder / "dataset.json").string(), channels, network.input_channels));
  }
  network.heads = model.labels.heads();
  if (!model.plan.previous_stage.empty())
    network.input_channels += static_cast<std::int64_t>(model.labels.foreground_labels.size());
  return model;
}

void check_weights(const NetworkSpec& spec, const Weights& weights) {
  std::set<std::string> names;
  for (const auto& [name, shape] : parameters_of(spec)) {
    names.insert(name);
    const auto found = weights.find(name);
    if (found == weights.end()) {
      throw Error(ErrorCode::kInvalidInput, fmt::format("parameter '{}' is missing", name));
    }
    if (found->second.shape != shape) {
      throw Error(ErrorCode::kInvalidInput,
                  fmt::format("parameter '{}' has the shape [{}], the plan wants [{}]", name,
                              fmt::join(found->second.shape, ", "), fmt::join(shape, ", ")));
    }
    const auto& values = found->second.values;
    if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) {
      throw Error(ErrorCode::kCorrupt, fmt::format("parameter '{}' holds values that are not finite", name));
    }
  }
  for (const auto& [name, tensor] : weights) {
    if (!names.contains(name)) {
      throw Error(ErrorCode::kInvalidInput, fmt::format("parameter '{}' has no place in the plan", name));
    }
  }
}

Weights read_fold(const ModelFolder& model, std::size_t fold) {
  HEPAR_EXPECT(fold < model.checkpoints.size(), fmt::format("fold {}", fold));
  const fs::path& path = model.checkpoints[fold].file;
  try {
    Weights weights = read_parameters(path);
    if (model.plan.two_dimensional) add_depth(weights);
    check_weights(model.plan.network, weights);
    return weights;
  } catch (const Error& error) {
    // The readers name the file themselves.
    if (std::string(error.what()).find(path.string()) != std::string::npos) throw;
    throw error.during(path.string());
  }
}

}  // namespace hepar
