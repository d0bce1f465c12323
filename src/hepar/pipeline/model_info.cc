// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/model_info.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/version.h"
#include "hepar/nn/json_file.h"
#include "hepar/nn/network_spec.h"
#include "hepar/tensors/torch_checkpoint.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using Json = nlohmann::ordered_json;

std::optional<double> number_in(const Json& document, const Json::json_pointer& where) {
  if (!document.contains(where) || !document.at(where).is_number()) return {};
  return document.at(where).get<double>();
}

// These files inform only: one that can't be read is as good as none.
Json read_json_or_null(const fs::path& file) {
  if (!fs::is_regular_file(file)) return nullptr;
  Json document = Json::parse(without_nan(read_text_file(file)), nullptr, false);
  return document.is_discarded() ? Json(nullptr) : document;
}

// What the checkpoint tells of its training, in nnU-Net's words.
Json training_of(const fs::path& file) {
  if (file.extension() == ".pth") return Json::parse(TorchCheckpoint(file).info_json());
  const SafetensorsFile tensors(file);
  const auto value = [&](const char* key) {
    const auto found = tensors.metadata().find(key);
    return found == tensors.metadata().end() ? Json(nullptr) : Json::parse(found->second, nullptr, false);
  };
  return {{"current_epoch", value("current_epoch")}, {"logging", {{"ema_fg_dice", {value("ema_fg_dice")}}}}};
}

std::string class_text(NetworkClass network) {
  return network == NetworkClass::kPlainConvUNet ? "PlainConvUNet" : "ResidualEncoderUNet";
}

std::string number_text(const std::optional<double>& value) {
  return value ? fmt::format("{:.3f}", *value) : "unknown";
}

template <class Value>
Json json_or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::string labels_text(const DatasetLabels& labels) {
  std::vector<std::string> names;
  for (const auto& [name, values] : labels.regions) {
    names.push_back(fmt::format("{} ({})", name, fmt::join(values, "+")));
  }
  return fmt::format("{}; {}", fmt::join(names, ", "),
                     labels.has_regions() ? fmt::format("regions, written in the order {}",
                                                        fmt::join(labels.regions_class_order, ", "))
                                          : "one label per voxel");
}

std::string values_text(const std::vector<int>& values) {
  return values.empty() ? "none" : fmt::format("{}", fmt::join(values, "+"));
}

std::string axes_text(const std::vector<int>& axes) {
  std::string text;
  for (const int axis : axes) text += "dhw"[axis];
  return text.empty() ? "none" : text;
}

Json channels_json(const ModelFolder& model) {
  const auto& names = model.labels.channel_names;
  const auto& schemes = model.plan.normalization_schemes;
  Json json = Json::array();
  for (std::size_t n = 0; n < schemes.size(); ++n)
    json.push_back({{"name", n < names.size() ? names[n] : ""}, {"normalization", schemes[n]}});
  return json;
}

Json folds_json(const std::vector<FoldInfo>& folds) {
  Json json = Json::array();
  for (const FoldInfo& fold : folds) {
    json.push_back({{"fold", fold.fold},
                    {"checkpoint", fold.file},
                    {"epochs", json_or_null(fold.epochs)},
                    {"pseudo_dice", json_or_null(fold.pseudo_dice)},
                    {"validation_dice", json_or_null(fold.validation_dice)}});
  }
  return json;
}

std::string input_text(const ModelFolder& model) {
  const auto& names = model.labels.channel_names;
  const std::string& stage = model.plan.previous_stage;
  return fmt::format("{} by {}{}", names.empty() ? "unnamed" : fmt::format("{}", fmt::join(names, ", ")),
                     fmt::join(model.plan.normalization_schemes, ", "),
                     stage.empty() ? "" : fmt::format("; and the labels of {}", stage));
}

std::string patch_text(const ModelPlan& plan) {
  const auto& size = plan.patch_size;
  if (plan.two_dimensional)
    return fmt::format("slices:    {} x {} pixels of {:.3f} x {:.3f} mm at a time\n", size[1], size[2],
                       plan.spacing_mm[1], plan.spacing_mm[2]);
  return fmt::format("patch:     {} x {} x {} voxels of {:.3f} x {:.3f} x {:.3f} mm (d, h, w)\n", size[0],
                     size[1], size[2], plan.spacing_mm[0], plan.spacing_mm[1], plan.spacing_mm[2]);
}

}  // namespace

FoldInfo fold_info(const ModelFolder& model, const FoldCheckpoint& checkpoint) {
  FoldInfo info{.fold = checkpoint.fold,
                .file = checkpoint.file.lexically_relative(model.path).string(),
                .epochs = {},
                .pseudo_dice = {},
                .validation_dice = {}};
  const Json training = training_of(checkpoint.file);
  if (const auto epochs = number_in(training, Json::json_pointer("/current_epoch")))
    info.epochs = static_cast<std::int64_t>(*epochs);
  const Json::json_pointer scores("/logging/ema_fg_dice");
  if (training.contains(scores) && training.at(scores).is_array() && !training.at(scores).empty() &&
      training.at(scores).back().is_number()) {
    info.pseudo_dice = training.at(scores).back().get<double>();
  }
  info.validation_dice =
      number_in(read_json_or_null(checkpoint.file.parent_path() / "validation" / "summary.json"),
                Json::json_pointer("/foreground_mean/Dice"));
  return info;
}

ModelInfo model_info(const fs::path& folder, const ModelSelection& selection) {
  ModelInfo info;
  info.model = read_model_folder(folder, selection);
  for (const auto& [name, shape] : parameters_of(info.model.plan.network)) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    info.parameters += count;
  }
  for (const FoldCheckpoint& checkpoint : info.model.checkpoints) {
    info.folds.push_back(fold_info(info.model, checkpoint));
  }
  info.liver = find_liver_labels(info.model.labels);
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (fs::exists(entry.path() / "postprocessing.json"))
      info.postprocessing.push_back((entry.path().filename() / "postprocessing.json").string());
  }
  std::sort(info.postprocessing.begin(), info.postprocessing.end());
  return info;
}

std::string model_info_json(const ModelInfo& info) {
  const ModelPlan& plan = info.model.plan;
  const DatasetLabels& labels = info.model.labels;
  Json json{{"format", "hepar.model/1"}, {"hepar", version()}};
  json["configuration"] = plan.configuration;
  json["trainer"] = info.model.trainer;
  json["previous_stage"] = plan.previous_stage.empty() ? Json(nullptr) : Json(plan.previous_stage);
  json["network"] = {{"class", class_text(plan.network.network_class)},
                     {"features_per_stage", plan.network.features_per_stage},
                     {"inputs", plan.network.input_channels},
                     {"outputs", plan.network.heads},
                     {"parameters", info.parameters}};
  json["channels"] = channels_json(info.model);
  json["labels"] = Json::object();
  for (const auto& [name, values] : labels.regions) json["labels"][name] = values;
  json["regions_class_order"] = labels.has_regions() ? Json(labels.regions_class_order) : Json(nullptr);
  json["liver"] = nullptr;
  if (info.liver)
    json["liver"] = {
        {"liver", info.liver->liver}, {"tumour", info.liver->tumour}, {"cyst", info.liver->cyst}};
  json["spacing_mm"] = plan.spacing_mm;
  json["patch_size"] = plan.patch_size;
  json["orientation"] = plan.orientation.empty() ? Json(nullptr) : Json(plan.orientation);
  json["transpose_forward"] = plan.transpose_forward;
  json["mirror_axes"] = info.model.mirror_axes;
  json["folds"] = folds_json(info.folds);
  json["postprocessing"] = info.postprocessing;
  return json.dump(1);
}

std::string model_info_text(const ModelInfo& info) {
  const ModelPlan& plan = info.model.plan;
  std::string text =
      fmt::format("{} {}, {:.1f} million parameters, features {}\n", plan.configuration,
                  class_text(plan.network.network_class), static_cast<double>(info.parameters) / 1e6,
                  fmt::join(plan.network.features_per_stage, " "));
  text +=
      fmt::format("inputs:    {}\nlabels:    {}\n", input_text(info.model), labels_text(info.model.labels));
  text += patch_text(plan);
  text += fmt::format("trained:   by {}, mirrored along {}\n",
                      info.model.trainer.empty() ? "an unnamed trainer" : info.model.trainer,
                      axes_text(info.model.mirror_axes));
  for (const FoldInfo& fold : info.folds) {
    text += fmt::format("fold {:<5} {}: {} epochs, pseudo Dice {}, validation Dice {}\n", fold.fold,
                        fold.file, fold.epochs ? std::to_string(*fold.epochs) : "unknown",
                        number_text(fold.pseudo_dice), number_text(fold.validation_dice));
  }
  for (const std::string& file : info.postprocessing)
    text += fmt::format("postproc.: {}; used only with --postprocessing\n", file);
  if (!info.liver)
    return text +
           "segment:   no label is named as a liver tumour, so the lesion filter will not run; name one "
           "with --tumour-label";
  return text + fmt::format("segment:   tumour {}, liver {}, cyst {}; the lesion filter will run",
                            values_text(info.liver->tumour), values_text(info.liver->liver),
                            values_text(info.liver->cyst));
}

}  // namespace hepar
