// SPDX-License-Identifier: Apache-2.0
#include "hepar/pipeline/convert_model.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/core/output_folder.h"
#include "hepar/pipeline/model_info.h"
#include "hepar/tensors/torch_checkpoint.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using Json = nlohmann::ordered_json;

// ".conv." -> ".all_modules.0.", ".norm." -> ".all_modules.N."; empty when `name` has no such layer.
std::string in_all_modules(const NetworkSpec& spec, const std::string& name) {
  for (const std::string layer : {".conv.", ".norm."}) {
    const auto at = name.rfind(layer);
    if (at == std::string::npos) continue;
    // A dropout layer stands between; residual blocks have one after their first convolution only.
    const bool after_dropout = spec.dropout.has_value() && name.find(".conv2.") == std::string::npos &&
                               name.find(".skip.") == std::string::npos;
    const int place = layer == ".conv." ? 0 : after_dropout ? 2 : 1;
    return fmt::format("{}.all_modules.{}.{}", name.substr(0, at), place, name.substr(at + layer.size()));
  }
  return {};
}

// Mirroring axes as the configuration counts them, see read_model_folder().
std::vector<int> own_mirror_axes(const ModelFolder& model) {
  std::vector<int> axes = model.mirror_axes;
  if (model.plan.two_dimensional)
    for (int& axis : axes) --axis;
  return axes;
}

std::vector<std::int64_t> own_shape(const ModelFolder& model, std::vector<std::int64_t> shape) {
  if (model.plan.two_dimensional && shape.size() == 5) shape.erase(shape.begin() + 2);
  return shape;
}

void write_ours(const fs::path& file, const ModelFolder& model, const FoldInfo& training,
                const Weights& weights) {
  std::vector<TensorToWrite> tensors;
  for (const auto& [name, tensor] : weights) {
    tensors.push_back({name, ElementType::kFloat32, tensor.shape, std::as_bytes(std::span(tensor.values))});
  }
  std::map<std::string, std::string> metadata{
      {"configuration", model.plan.configuration},
      {"trainer_name", model.trainer},
      {"inference_allowed_mirroring_axes", Json(own_mirror_axes(model)).dump()}};
  if (training.epochs) metadata["current_epoch"] = std::to_string(*training.epochs);
  if (training.pseudo_dice) metadata["ema_fg_dice"] = Json(*training.pseudo_dice).dump();
  write_safetensors(file, tensors, metadata);
}

// The keys of nnU-Net's checkpoints that its predictor and its fine-tuning read (nnUNetTrainer.py,
// save_checkpoint; predict_from_raw_data.py, initialize_from_trained_model_folder).
std::string nnunet_info(const ModelFolder& model, const FoldInfo& training) {
  Json init_args;
  init_args["plans"] = Json::parse(read_text_file(model.path / "plans.json"));
  init_args["configuration"] = model.plan.configuration;
  int number = 0;
  const char* end = training.fold.data() + training.fold.size();
  const bool is_number = std::from_chars(training.fold.data(), end, number).ptr == end;
  init_args["fold"] = is_number ? Json(number) : Json(training.fold);
  init_args["dataset_json"] = Json::parse(read_text_file(model.path / "dataset.json"));
  const std::vector<int> axes = own_mirror_axes(model);
  return Json{
      {"optimizer_state", nullptr},
      {"grad_scaler_state", nullptr},
      {"logging", training.pseudo_dice ? Json{{"ema_fg_dice", {*training.pseudo_dice}}} : Json::object()},
      {"_best_ema", nullptr},
      {"current_epoch", training.epochs ? Json(*training.epochs) : Json(nullptr)},
      {"init_args", init_args},
      {"trainer_name", model.trainer.empty() ? "nnUNetTrainer" : model.trainer},
      {"inference_allowed_mirroring_axes", axes.empty() ? Json(nullptr) : Json(axes)}}
      .dump();
}

void write_nnunet(const fs::path& file, const ModelFolder& model, const FoldInfo& training,
                  const Weights& weights) {
  const NetworkSpec& spec = model.plan.network;
  std::vector<CheckpointTensor> tensors;
  for (const auto& [parameter, shape] : parameters_of(spec)) {
    const NamedTensor& tensor = weights.at(parameter);
    for (const std::string& name : state_dict_names(spec, parameter)) {
      tensors.push_back({name, own_shape(model, tensor.shape), tensor.values});
    }
  }
  write_torch_checkpoint(file, tensors, nnunet_info(model, training));
}

std::string converted_card(const ModelFolder& model) {
  return fmt::format(
      "# {}\n\nConverted from an nnU-Net v2 model of the trainer {}, configuration {}. What it was trained "
      "on and how "
      "well it works is not known to Hepar: ask those who trained it. For research; not a medical device.\n",
      last_name(model.path), model.trainer.empty() ? "(unnamed)" : model.trainer, model.plan.configuration);
}

}  // namespace

std::vector<std::string> state_dict_names(const NetworkSpec& spec, const std::string& parameter) {
  std::vector<std::string> names{parameter};
  const std::string twice = in_all_modules(spec, parameter);
  if (!twice.empty()) names.push_back(twice);
  if (!parameter.starts_with("encoder.")) return names;
  const std::size_t count = names.size();
  for (std::size_t n = 0; n < count; ++n) names.push_back(std::string("decoder.").append(names[n]));
  return names;
}

std::vector<std::string> convert_model(const ConvertRequest& request) {
  const ModelFolder model = read_model_folder(request.model, request.selection);
  if (fs::exists(request.output / "plans.json")) {
    throw Error(ErrorCode::kInvalidInput,
                fmt::format("{} holds a model already; remove it or name another folder with -o",
                            request.output.string()));
  }
  OutputFolder out(request.output);
  std::vector<std::string> files{"plans.json", "dataset.json"};
  for (const std::string& file : files) {
    write_text_file(out.staging() / file, read_text_file(model.path / file));
  }
  for (std::size_t n = 0; n < model.checkpoints.size(); ++n) {
    const std::string& fold = model.checkpoints[n].fold;
    const fs::path folder = std::string("fold_").append(fold);
    make_folder(out.staging() / folder);
    const Weights weights = read_fold(model, n);
    const FoldInfo training = fold_info(model, model.checkpoints[n]);
    const bool ours = request.to == ModelForm::kHepar;
    const fs::path file = folder / (ours ? "checkpoint_final.safetensors" : "checkpoint_final.pth");
    if (ours) {
      write_ours(out.staging() / file, model, training, weights);
    } else {
      write_nnunet(out.staging() / file, model, training, weights);
    }
    files.push_back(file.string());
  }
  if (request.to == ModelForm::kHepar) {
    files.emplace_back("MODEL_CARD.md");
    const bool has_card = fs::exists(model.path / files.back());
    write_text_file(out.staging() / files.back(),
                    has_card ? read_text_file(model.path / files.back()) : converted_card(model));
  }
  out.commit();
  return files;
}

}  // namespace hepar
