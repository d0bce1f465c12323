// SPDX-License-Identifier: Apache-2.0
#include "hepar/nn/model_folder.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/nn/json_node.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using Json = nlohmann::ordered_json;

constexpr const char* kNetworkClass = "dynamic_network_architectures.architectures.unet.PlainConvUNet";
constexpr const char* kReader = "SimpleITKIO";
constexpr const char* kReorientingReader = "SimpleITKIOWithReorient";
constexpr const char* kCheckpoint = "checkpoint_final.safetensors";

Json parse_file(const fs::path& path) {
  Json document = Json::parse(read_text_file(path), nullptr, false);
  if (document.is_discarded()) {
    throw Error(ErrorCode::kCorrupt, fmt::format("{} is not JSON; it may be truncated", path.string()));
  }
  return document;
}

std::string last_component(const std::string& name, char separator) {
  return name.substr(name.find_last_of(separator) + 1);  // npos + 1 == 0
}

void require_name(const JsonNode& node, const std::string& wanted) {
  const std::string name = last_component(node.text(), '.');
  if (name != wanted) {
    node.fail(fmt::format("is {}; this version of Hepar reads {} only", name, wanted),
              ErrorCode::kUnsupported);
  }
}

Kernel3 read_triple(const JsonNode& node) {
  if (node.is_number()) return {node.integer(), node.integer(), node.integer()};
  const auto items = node.list();
  if (items.size() != 3) node.fail(fmt::format("has {} entries, 3 are needed", items.size()));
  return {items[0].integer(), items[1].integer(), items[2].integer()};
}

// A list with one entry per stage, or one value for all.
template <class Value, class Read>
std::vector<Value> read_per_stage(const JsonNode& node, std::size_t count, Read read) {
  if (!node.is_list()) return std::vector<Value>(count, read(node));
  std::vector<Value> values;
  for (const auto& item : node.list()) values.push_back(read(item));
  return values;
}

void check_layers(const JsonNode& kwargs) {
  require_name(kwargs.at("conv_op"), "Conv3d");
  require_name(kwargs.at("norm_op"), "InstanceNorm3d");
  require_name(kwargs.at("nonlin"), "LeakyReLU");
  if (!kwargs.at("conv_bias").boolean()) {
    kwargs.at("conv_bias").fail("is false; convolutions without bias are not read", ErrorCode::kUnsupported);
  }
}

NetworkSpec read_network(const JsonNode& architecture) {
  require_name(architecture.at("network_class_name"), "PlainConvUNet");
  const JsonNode kwargs = architecture.at("arch_kwargs");
  check_layers(kwargs);
  NetworkSpec spec;
  const std::int64_t stages = kwargs.at("n_stages").integer();
  if (stages < 2 || stages > 16) kwargs.at("n_stages").fail(fmt::format("is {}, not in [2, 16]", stages));
  const auto count = static_cast<std::size_t>(stages);
  const auto integer = [](const JsonNode& node) { return node.integer(); };
  spec.features_per_stage = read_per_stage<std::int64_t>(kwargs.at("features_per_stage"), count, integer);
  if (spec.features_per_stage.size() != count) {
    kwargs.at("features_per_stage").fail(fmt::format("has not the {} entries that n_stages says", count));
  }
  spec.kernel_sizes = read_per_stage<Kernel3>(kwargs.at("kernel_sizes"), count, read_triple);
  spec.strides = read_per_stage<Kernel3>(kwargs.at("strides"), count, read_triple);
  spec.conv_per_stage = read_per_stage<std::int64_t>(kwargs.at("n_conv_per_stage"), count, integer);
  spec.conv_per_stage_decoder =
      read_per_stage<std::int64_t>(kwargs.at("n_conv_per_stage_decoder"), count - 1, integer);
  if (kwargs.has("norm_op_kwargs") && kwargs.at("norm_op_kwargs").has("eps")) {
    spec.norm_eps = kwargs.at("norm_op_kwargs").at("eps").number();
  }
  if (kwargs.has("nonlin_kwargs") && kwargs.at("nonlin_kwargs").has("negative_slope")) {
    spec.leaky_slope = kwargs.at("nonlin_kwargs").at("negative_slope").number();
  }
  return spec;
}

std::string read_orientation(const JsonNode& reader) {
  const std::string name = reader.text();
  if (name == kReader || name == "NibabelIO") return "";
  // Both bring the image to RAS (nnunetv2/imageio: simpleitk_reader_writer.py, nibabel_reader_writer.py).
  if (name == kReorientingReader || name == "NibabelIOWithReorient") return "RAS";
  reader.fail(fmt::format("is {}, which is not known", name), ErrorCode::kUnsupported);
}

std::vector<IntensityProperties> read_intensities(const JsonNode& channels, std::size_t count) {
  std::vector<IntensityProperties> list;
  for (std::size_t n = 0; n < count; ++n) {
    const JsonNode channel = channels.at(std::to_string(n));
    list.push_back({channel.at("percentile_00_5").number(), channel.at("percentile_99_5").number(),
                    channel.at("mean").number(), channel.at("std").number()});
  }
  return list;
}

void check_transpose(const JsonNode& transpose) {
  if (read_triple(transpose) != Kernel3{0, 1, 2}) {
    transpose.fail("is not [0, 1, 2]; transposed models are not read", ErrorCode::kUnsupported);
  }
}

void check_plan(const ModelPlan& plan, const JsonNode& configuration) {
  parameters_of(plan.network);  // throws when the description contradicts itself
  const Kernel3 divisor = plan.network.size_divisor();
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::int64_t size = plan.patch_size[axis];
    if (size < 1 || size > 4096 || size % divisor[axis] != 0) {
      configuration.at("patch_size").fail(fmt::format("holds {}, not a multiple of {}", size, divisor[axis]));
    }
    if (!(plan.spacing_mm[axis] > 0)) configuration.at("spacing").fail("holds a value that is not above 0");
  }
}

}  // namespace

ModelPlan read_plan(const fs::path& plans_json, const std::string& configuration) {
  const Json document = parse_file(plans_json);
  const JsonNode root(document, plans_json.string());
  const JsonNode node = root.at("configurations").at(configuration);
  ModelPlan plan;
  plan.configuration = configuration;
  plan.network = read_network(node.at("architecture"));
  plan.patch_size = read_triple(node.at("patch_size"));
  const auto spacing = node.at("spacing").list();
  if (spacing.size() != 3)
    node.at("spacing").fail(fmt::format("has {} entries, 3 are needed", spacing.size()));
  std::transform(spacing.begin(), spacing.end(), plan.spacing_mm.begin(),
                 [](const auto& n) { return n.number(); });
  plan.batch_size = node.at("batch_size").integer();
  for (const auto& scheme : node.at("normalization_schemes").list()) {
    plan.normalization_schemes.push_back(scheme.text());
  }
  plan.network.input_channels = static_cast<std::int64_t>(plan.normalization_schemes.size());
  plan.intensities = read_intensities(root.at("foreground_intensity_properties_per_channel"),
                                      plan.normalization_schemes.size());
  plan.orientation = read_orientation(root.at("image_reader_writer"));
  check_transpose(root.at("transpose_forward"));
  check_plan(plan, node);
  return plan;
}

DatasetLabels read_dataset_labels(const fs::path& dataset_json) {
  const Json document = parse_file(dataset_json);
  const JsonNode root(document, dataset_json.string());
  const auto read_label = [](const JsonNode& node) {
    const std::int64_t label = node.integer();
    if (label < 0 || label > 255) node.fail(fmt::format("is {}, not a label in [0, 255]", label));
    return static_cast<int>(label);
  };
  DatasetLabels labels;
  bool has_regions = false;
  for (const auto& [name, node] : root.at("labels").members()) {
    std::vector<int> values;
    if (node.is_list()) {
      for (const auto& item : node.list()) values.push_back(read_label(item));
    } else {
      values.push_back(read_label(node));
    }
    has_regions = has_regions || values.size() > 1;
    if (name != "ignore" && values != std::vector<int>{0}) labels.regions.emplace_back(name, values);
  }
  // nnunetv2/utilities/label_handling/label_handling.py: regions need their order of writing.
  if (has_regions) {
    for (const auto& item : root.at("regions_class_order").list())
      labels.regions_class_order.push_back(read_label(item));
    if (labels.regions_class_order.size() != labels.regions.size()) {
      root.at("regions_class_order")
          .fail(fmt::format("has {} entries for {} regions", labels.regions_class_order.size(),
                            labels.regions.size()));
    }
  }
  if (labels.regions.empty()) root.at("labels").fail("names no foreground");
  if (root.has("file_ending")) labels.file_ending = root.at("file_ending").text();
  return labels;
}

namespace {

Json architecture_json(const NetworkSpec& spec) {
  Json kwargs;
  kwargs["n_stages"] = spec.stages();
  kwargs["features_per_stage"] = spec.features_per_stage;
  kwargs["conv_op"] = "torch.nn.modules.conv.Conv3d";
  kwargs["kernel_sizes"] = spec.kernel_sizes;
  kwargs["strides"] = spec.strides;
  kwargs["n_conv_per_stage"] = spec.conv_per_stage;
  kwargs["n_conv_per_stage_decoder"] = spec.conv_per_stage_decoder;
  kwargs["conv_bias"] = true;
  kwargs["norm_op"] = "torch.nn.modules.instancenorm.InstanceNorm3d";
  kwargs["norm_op_kwargs"] = {{"eps", spec.norm_eps}, {"affine", true}};
  kwargs["dropout_op"] = nullptr;
  kwargs["dropout_op_kwargs"] = nullptr;
  kwargs["nonlin"] = "torch.nn.LeakyReLU";
  kwargs["nonlin_kwargs"] = {{"negative_slope", spec.leaky_slope}, {"inplace", true}};
  return {{"network_class_name", kNetworkClass},
          {"arch_kwargs", kwargs},
          {"_kw_requires_import", {"conv_op", "norm_op", "dropout_op", "nonlin"}}};
}

Json resampling_json(bool is_seg, int order) {
  return {{"is_seg", is_seg}, {"order", order}, {"order_z", 0}, {"force_separate_z", nullptr}};
}

Json configuration_json(const ModelPlan& plan) {
  constexpr const char* kResample = "resample_data_or_seg_to_shape";
  Json json;
  json["data_identifier"] = "nnUNetPlans_" + plan.configuration;
  json["preprocessor_name"] = "DefaultPreprocessor";
  json["batch_size"] = plan.batch_size;
  json["patch_size"] = plan.patch_size;
  json["spacing"] = plan.spacing_mm;
  json["normalization_schemes"] = plan.normalization_schemes;
  json["use_mask_for_norm"] = std::vector<bool>(plan.normalization_schemes.size(), false);
  json["resampling_fn_data"] = kResample;
  json["resampling_fn_seg"] = kResample;
  json["resampling_fn_data_kwargs"] = resampling_json(false, 3);
  json["resampling_fn_seg_kwargs"] = resampling_json(true, 1);
  json["resampling_fn_probabilities"] = kResample;
  json["resampling_fn_probabilities_kwargs"] = resampling_json(false, 1);
  json["architecture"] = architecture_json(plan.network);
  json["batch_dice"] = false;
  return json;
}

}  // namespace

void write_plan(const fs::path& plans_json, const ModelPlan& plan, const std::string& dataset_name) {
  HEPAR_EXPECT(plan.orientation.empty() || plan.orientation == "RAS",
               "no nnU-Net reader gives " + plan.orientation);
  Json json;
  json["dataset_name"] = dataset_name;
  json["plans_name"] = "nnUNetPlans";
  json["original_median_spacing_after_transp"] = plan.spacing_mm;
  json["image_reader_writer"] = plan.orientation.empty() ? kReader : kReorientingReader;
  json["transpose_forward"] = {0, 1, 2};
  json["transpose_backward"] = {0, 1, 2};
  json["configurations"][plan.configuration] = configuration_json(plan);
  json["experiment_planner_used"] = "ExperimentPlanner";
  json["label_manager"] = "LabelManager";
  for (std::size_t n = 0; n < plan.intensities.size(); ++n) {
    const IntensityProperties& p = plan.intensities[n];
    json["foreground_intensity_properties_per_channel"][std::to_string(n)] = {
        {"mean", p.mean},
        {"percentile_00_5", p.percentile_00_5},
        {"percentile_99_5", p.percentile_99_5},
        {"std", p.std}};
  }
  write_text_file(plans_json, json.dump(2) + "\n");
}

std::int64_t DatasetLabels::heads() const {
  return static_cast<std::int64_t>(has_regions() ? regions.size() : foreground_labels.size() + 1);
}

ModelFolder read_model_folder(const fs::path& folder, const ModelSelection&) {
  if (!fs::is_directory(folder)) {
    throw Error(ErrorCode::kMissing, fmt::format("there is no model folder {}", folder.string()));
  }
  ModelFolder model{
      folder, read_plan(folder / "plans.json"), read_dataset_labels(folder / "dataset.json"), {}, {}, {}};
  if (model.labels.regions_class_order.empty()) {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("{} has labels without regions; this version of Hepar runs models with regions only",
                    (folder / "dataset.json").string()));
  }
  model.plan.network.heads = static_cast<std::int64_t>(model.labels.regions.size());
  for (const auto& entry : fs::directory_iterator(folder)) {
    const bool is_fold = entry.path().filename().string().starts_with("fold_");
    if (is_fold && fs::exists(entry.path() / kCheckpoint))
      model.checkpoints.push_back({entry.path().filename().string().substr(5), entry.path() / kCheckpoint});
  }
  if (model.checkpoints.empty()) {
    throw Error(ErrorCode::kMissing, fmt::format("{} has no fold_K/{}", folder.string(), kCheckpoint));
  }
  std::sort(model.checkpoints.begin(), model.checkpoints.end(),
            [](const auto& a, const auto& b) { return a.fold < b.fold; });
  return model;
}

namespace {

// nnU-Net's state_dict names the same tensors several times.
bool is_duplicate(const std::string& name) {
  return name.starts_with("decoder.encoder.") || name.find(".all_modules.") != std::string::npos;
}

}  // namespace

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
  const SafetensorsFile file(path);
  Weights weights;
  try {
    for (const auto& [name, entry] : file.entries()) {
      if (!is_duplicate(name)) weights[name] = as_float32(entry);
    }
    check_weights(model.plan.network, weights);
  } catch (const Error& error) {
    throw error.during(path.string());
  }
  return weights;
}

}  // namespace hepar
