// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "hepar/core/error.h"
#include "hepar/core/file.h"
#include "hepar/nn/json_file.h"
#include "hepar/nn/model_folder.h"

namespace hepar {
namespace fs = std::filesystem;
namespace {
using Json = nlohmann::ordered_json;

constexpr const char* kClassPath = "dynamic_network_architectures.architectures.unet.";
constexpr const char* kPlain = "PlainConvUNet";
constexpr const char* kResidual = "ResidualEncoderUNet";
constexpr const char* kResample = "resample_data_or_seg_to_shape";

// Classes are named with their module, which moved between versions: the last part tells.
std::string class_name(const JsonNode& node) {
  const std::string name = node.text();
  return name.substr(name.find_last_of('.') + 1);  // npos + 1 == 0
}

[[noreturn]] void fail_unsupported(const JsonNode& node, const std::string& name,
                                   const std::string& supported) {
  node.fail(fmt::format("is {}, which Hepar can't do; it reads {}", name, supported),
            ErrorCode::kUnsupported);
}

// Along d, h, w; a 2d configuration has two entries, and `first` along d.
template <class Value, class Read>
std::array<Value, 3> read_axes(const JsonNode& node, bool two_dimensional, Value first, Read read) {
  if (!node.is_list()) {
    const Value all = read(node);
    return {two_dimensional ? first : all, all, all};
  }
  const auto items = node.list();
  const std::size_t wanted = two_dimensional ? 2 : 3;
  if (items.size() != wanted) node.fail(fmt::format("has {} entries, {} are needed", items.size(), wanted));
  std::array<Value, 3> axes{first, first, first};
  for (std::size_t n = 0; n < wanted; ++n) axes[3 - wanted + n] = read(items[n]);
  return axes;
}

std::int64_t read_integer(const JsonNode& node) { return node.integer(); }

Kernel3 read_kernel(const JsonNode& node, bool two_dimensional) {
  return read_axes<std::int64_t>(node, two_dimensional, 1, read_integer);
}

// A list with one entry per stage, or one value for all.
template <class Value, class Read>
std::vector<Value> read_per_stage(const JsonNode& node, std::size_t count, Read read) {
  if (!node.is_list()) return std::vector<Value>(count, read(node));
  std::vector<Value> values;
  for (const auto& item : node.list()) values.push_back(read(item));
  if (values.size() != count) {
    node.fail(fmt::format("has {} entries for {} stages", values.size(), count));
  }
  return values;
}

NetworkClass read_network_class(const JsonNode& node) {
  const std::string name = class_name(node);
  if (name == kPlain) return NetworkClass::kPlainConvUNet;
  if (name == kResidual) return NetworkClass::kResidualEncoderUNet;
  fail_unsupported(node, name, "PlainConvUNet and ResidualEncoderUNet");
}

std::size_t read_stage_count(const JsonNode& node) {
  const std::int64_t stages = node.integer();
  if (stages < 2 || stages > 16) node.fail(fmt::format("is {}, not in [2, 16]", stages));
  return static_cast<std::size_t>(stages);
}

// torch's default probability is 0.5.
double read_dropout(const JsonNode& kwargs) {
  if (!kwargs.has("dropout_op_kwargs") || !kwargs.at("dropout_op_kwargs").has("p")) return 0.5;
  const JsonNode p = kwargs.at("dropout_op_kwargs").at("p");
  if (!(p.number() >= 0 && p.number() < 1)) p.fail(fmt::format("is {}, not in [0, 1)", p.number()));
  return p.number();
}

void read_layers(const JsonNode& kwargs, bool two_dimensional, NetworkSpec& spec) {
  const std::string norm = two_dimensional ? "InstanceNorm2d" : "InstanceNorm3d";
  if (class_name(kwargs.at("norm_op")) != norm)
    fail_unsupported(kwargs.at("norm_op"), class_name(kwargs.at("norm_op")), norm);
  const std::string activation = class_name(kwargs.at("nonlin"));
  if (activation != "LeakyReLU" && activation != "ReLU")
    fail_unsupported(kwargs.at("nonlin"), activation, "LeakyReLU and ReLU");
  spec.conv_bias = kwargs.at("conv_bias").boolean();
  if (activation == "ReLU") spec.leaky_slope = 0;
  if (activation == "LeakyReLU" && kwargs.has("nonlin_kwargs") &&
      kwargs.at("nonlin_kwargs").has("negative_slope")) {
    spec.leaky_slope = kwargs.at("nonlin_kwargs").at("negative_slope").number();
  }
  if (kwargs.has("dropout_op")) spec.dropout = read_dropout(kwargs);
  if (!kwargs.has("norm_op_kwargs")) return;
  const JsonNode norm_kwargs = kwargs.at("norm_op_kwargs");
  if (norm_kwargs.has("eps")) spec.norm_eps = norm_kwargs.at("eps").number();
  if (!norm_kwargs.has("affine") || !norm_kwargs.at("affine").boolean()) {
    kwargs.at("norm_op_kwargs").fail("has no affine norm, which Hepar can't do", ErrorCode::kUnsupported);
  }
}

// Variants of the residual encoder that no planner of nnU-Net makes.
void refuse_variants(const JsonNode& kwargs) {
  if (kwargs.has("block") && class_name(kwargs.at("block")) != "BasicBlockD")
    fail_unsupported(kwargs.at("block"), class_name(kwargs.at("block")), "BasicBlockD");
  for (const char* key : {"bottleneck_channels", "stem_channels"}) {
    if (kwargs.has(key)) kwargs.at(key).fail("is set, which Hepar can't do", ErrorCode::kUnsupported);
  }
  for (const char* key : {"squeeze_excitation", "nonlin_first"}) {
    if (kwargs.has(key) && kwargs.at(key).boolean())
      kwargs.at(key).fail("is true, which Hepar can't do", ErrorCode::kUnsupported);
  }
}

bool is_two_dimensional(const JsonNode& conv_op) {
  const std::string name = class_name(conv_op);
  if (name != "Conv2d" && name != "Conv3d") fail_unsupported(conv_op, name, "Conv2d and Conv3d");
  return name == "Conv2d";
}

NetworkSpec read_network(const JsonNode& architecture, bool two_dimensional) {
  NetworkSpec spec;
  spec.network_class = read_network_class(architecture.at("network_class_name"));
  const JsonNode kwargs = architecture.at("arch_kwargs");
  read_layers(kwargs, two_dimensional, spec);
  refuse_variants(kwargs);
  const std::size_t stages = read_stage_count(kwargs.at("n_stages"));
  const auto kernel = [two_dimensional](const JsonNode& node) { return read_kernel(node, two_dimensional); };
  spec.features_per_stage =
      read_per_stage<std::int64_t>(kwargs.at("features_per_stage"), stages, read_integer);
  spec.kernel_sizes = read_per_stage<Kernel3>(kwargs.at("kernel_sizes"), stages, kernel);
  spec.strides = read_per_stage<Kernel3>(kwargs.at("strides"), stages, kernel);
  const bool residual = spec.network_class == NetworkClass::kResidualEncoderUNet;
  spec.conv_per_stage = read_per_stage<std::int64_t>(
      kwargs.at(residual ? "n_blocks_per_stage" : "n_conv_per_stage"), stages, read_integer);
  spec.conv_per_stage_decoder =
      read_per_stage<std::int64_t>(kwargs.at("n_conv_per_stage_decoder"), stages - 1, read_integer);
  return spec;
}

// Plans of nnU-Net up to 2.3 have no "architecture" (nnunetv2/utilities/plans_handling/plans_handler.py).
NetworkSpec read_old_network(const JsonNode& node, bool two_dimensional) {
  NetworkSpec spec;
  spec.network_class = read_network_class(node.at("UNet_class_name"));
  const auto kernel = [two_dimensional](const JsonNode& item) { return read_kernel(item, two_dimensional); };
  const std::size_t stages = node.at("pool_op_kernel_sizes").list().size();
  spec.strides = read_per_stage<Kernel3>(node.at("pool_op_kernel_sizes"), stages, kernel);
  spec.kernel_sizes = read_per_stage<Kernel3>(node.at("conv_kernel_sizes"), stages, kernel);
  const std::int64_t most = node.at("unet_max_num_features").integer();
  std::int64_t features = node.at("UNet_base_num_features").integer();
  for (std::size_t n = 0; n < stages; ++n, features = std::min(2 * features, most)) {
    spec.features_per_stage.push_back(std::min(features, most));
  }
  spec.conv_per_stage =
      read_per_stage<std::int64_t>(node.at("n_conv_per_stage_encoder"), stages, read_integer);
  spec.conv_per_stage_decoder =
      read_per_stage<std::int64_t>(node.at("n_conv_per_stage_decoder"), stages - 1, read_integer);
  return spec;
}

std::string read_orientation(const JsonNode& reader) {
  const std::string name = reader.text();
  if (name == "SimpleITKIO" || name == "NibabelIO") return "";
  // Both bring the image to RAS (nnunetv2/imageio: simpleitk_reader_writer.py, nibabel_reader_writer.py).
  if (name == "SimpleITKIOWithReorient" || name == "NibabelIOWithReorient") return "RAS";
  fail_unsupported(reader, name, "SimpleITKIO, NibabelIO and their ...WithReorient");
}

ResamplingRule read_resampling(const JsonNode& configuration, const std::string& what) {
  const std::string key = "resampling_fn_" + what;
  ResamplingRule rule;
  if (!configuration.has(key)) {  // plans of nnU-Net 2.0
    rule.order = what == "data" ? 3 : 1;
    return rule;
  }
  const JsonNode name = configuration.at(key);
  if (name.text() != kResample) fail_unsupported(name, name.text(), kResample);
  const JsonNode kwargs = configuration.at(key + "_kwargs");
  const auto order = [&](const char* which, std::int64_t most) {
    const std::int64_t value = kwargs.at(which).integer();
    if (value < 0 || value > most || value == 2) {
      fail_unsupported(kwargs.at(which), std::to_string(value), most == 3 ? "0, 1 and 3" : "0 and 1");
    }
    return static_cast<int>(value);
  };
  rule.order = order("order", what == "data" ? 3 : 1);
  if (what == "probabilities" && rule.order != 1) fail_unsupported(kwargs.at("order"), "0", "1");
  if (kwargs.has("force_separate_z")) rule.force_separate_z = kwargs.at("force_separate_z").boolean();
  rule.order_z = order("order_z", 1);
  if (rule.order_z != 0 && rule.force_separate_z != false) fail_unsupported(kwargs.at("order_z"), "1", "0");
  return rule;
}

// The constants matter to CTNormalization only; other channels need not have them.
std::vector<IntensityProperties> read_intensities(const JsonNode& root,
                                                  const std::vector<std::string>& schemes) {
  const std::string key = root.has("foreground_intensity_properties_per_channel")
                              ? "foreground_intensity_properties_per_channel"
                              : "foreground_intensity_properties_by_modality";  // older plans
  std::vector<IntensityProperties> list(schemes.size());
  for (std::size_t n = 0; n < schemes.size(); ++n) {
    if (schemes[n] != "CTNormalization") continue;
    const JsonNode channel =
        root.at(root.has(key) ? key : "foreground_intensity_properties_per_channel").at(std::to_string(n));
    list[n] = {channel.at("percentile_00_5").number(), channel.at("percentile_99_5").number(),
               channel.at("mean").number(), channel.at("std").number()};
  }
  return list;
}

std::array<std::size_t, 3> read_transpose(const JsonNode& node) {
  const Kernel3 axes = read_kernel(node, false);
  Kernel3 sorted = axes;
  std::sort(sorted.begin(), sorted.end());
  if (sorted != Kernel3{0, 1, 2}) node.fail("is no order of the axes 0, 1 and 2");
  return {static_cast<std::size_t>(axes[0]), static_cast<std::size_t>(axes[1]),
          static_cast<std::size_t>(axes[2])};
}

void check_plan(const ModelPlan& plan, const JsonNode& configuration) {
  parameters_of(plan.network);  // throws when the description contradicts itself
  const Kernel3 divisor = plan.network.size_divisor();
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::int64_t size = plan.patch_size[axis];
    if (size < 1 || size > 4096 || size % divisor[axis] != 0) {
      configuration.at("patch_size").fail(fmt::format("holds {}, not a multiple of {}", size, divisor[axis]));
    }
    const bool is_open = plan.two_dimensional && axis == 0;
    if (!is_open && !(plan.spacing_mm[axis] > 0))
      configuration.at("spacing").fail("holds a value that is not above 0");
  }
}

// A configuration with what it inherits (plans_handler.py: its own keys come before its parent's).
Json resolved(const JsonNode& configurations, const Json& all, const std::string& name,
              std::set<std::string> heirs = {}) {
  if (!configurations.has(name)) {
    std::vector<std::string> names;
    for (const auto& [key, node] : configurations.members()) names.push_back(key);
    configurations.fail(fmt::format("has no configuration '{}'; there are {}", name, fmt::join(names, ", ")));
  }
  Json own = all[name];
  const JsonNode node = configurations.at(name);
  if (!node.has("inherits_from")) return own;
  if (!heirs.insert(name).second) node.at("inherits_from").fail("leads back to itself");
  Json merged = resolved(configurations, all, node.at("inherits_from").text(), heirs);
  merged.update(own);
  return merged;
}

// nnunetv2/preprocessing/normalization/default_normalization_schemes.py; plan/normalization.h does them.
void check_normalization(const JsonNode& scheme) {
  constexpr std::array kSchemes{"CTNormalization", "ZScoreNormalization", "NoNormalization",
                                "RescaleTo01Normalization", "RGBTo01Normalization"};
  if (std::find(kSchemes.begin(), kSchemes.end(), scheme.text()) == kSchemes.end())
    fail_unsupported(scheme, scheme.text(), fmt::format("{}", fmt::join(kSchemes, ", ")));
}

void read_configuration(const JsonNode& node, ModelPlan& plan) {
  const bool is_old = !node.has("architecture");
  plan.two_dimensional = is_old ? node.at("patch_size").list().size() == 2
                                : is_two_dimensional(node.at("architecture").at("arch_kwargs").at("conv_op"));
  plan.network = is_old ? read_old_network(node, plan.two_dimensional)
                        : read_network(node.at("architecture"), plan.two_dimensional);
  plan.patch_size = read_kernel(node.at("patch_size"), plan.two_dimensional);
  plan.spacing_mm = read_axes<double>(node.at("spacing"), plan.two_dimensional, 0.0,
                                      [](const JsonNode& item) { return item.number(); });
  plan.batch_size = node.at("batch_size").integer();
  if (node.has("batch_dice")) plan.batch_dice = node.at("batch_dice").boolean();
  for (const auto& scheme : node.at("normalization_schemes").list()) {
    check_normalization(scheme);
    plan.normalization_schemes.push_back(scheme.text());
  }
  plan.network.input_channels = static_cast<std::int64_t>(plan.normalization_schemes.size());
  for (const auto& use : node.at("use_mask_for_norm").list()) plan.use_mask_for_norm.push_back(use.boolean());
  if (plan.use_mask_for_norm.size() != plan.normalization_schemes.size()) {
    node.at("use_mask_for_norm")
        .fail(fmt::format("has {} entries for {} channels", plan.use_mask_for_norm.size(),
                          plan.normalization_schemes.size()));
  }
  plan.image_resampling = read_resampling(node, "data");
  plan.label_resampling = read_resampling(node, "seg");
  plan.logit_resampling = read_resampling(node, "probabilities");
  if (node.has("previous_stage")) plan.previous_stage = node.at("previous_stage").text();
  if (node.has("preprocessor_name") && node.at("preprocessor_name").text() != "DefaultPreprocessor")
    fail_unsupported(node.at("preprocessor_name"), node.at("preprocessor_name").text(),
                     "DefaultPreprocessor");
}

}  // namespace

ModelPlan read_plan(const fs::path& plans_json, const std::string& configuration) {
  const Json document = parse_json_file(plans_json);
  const JsonNode root(document, plans_json.string());
  root.at("configurations").members();  // throws unless it is an object
  const Json merged = resolved(root.at("configurations"), document["configurations"], configuration);
  const JsonNode node(merged, plans_json.string(), "configurations." + configuration);
  ModelPlan plan;
  plan.configuration = configuration;
  read_configuration(node, plan);
  plan.intensities = read_intensities(root, plan.normalization_schemes);
  plan.image_reader = root.at("image_reader_writer").text();
  plan.orientation = read_orientation(root.at("image_reader_writer"));
  plan.transpose_forward = read_transpose(root.at("transpose_forward"));
  if (root.has("label_manager") && root.at("label_manager").text() != "LabelManager")
    fail_unsupported(root.at("label_manager"), root.at("label_manager").text(), "LabelManager");
  check_plan(plan, node);
  return plan;
}

namespace {

// As nnU-Net writes it: two entries in a 2d configuration.
template <class Value>
Json axes_json(const std::array<Value, 3>& axes, const ModelPlan& plan) {
  return std::vector<Value>(axes.begin() + (plan.two_dimensional ? 1 : 0), axes.end());
}

Json architecture_json(const ModelPlan& plan) {
  const NetworkSpec& spec = plan.network;
  const std::string dimensions = plan.two_dimensional ? "2d" : "3d";
  const bool residual = spec.network_class == NetworkClass::kResidualEncoderUNet;
  Json kwargs;
  kwargs["n_stages"] = spec.stages();
  kwargs["features_per_stage"] = spec.features_per_stage;
  kwargs["conv_op"] = "torch.nn.modules.conv.Conv" + dimensions;
  for (const auto& kernel : spec.kernel_sizes) kwargs["kernel_sizes"].push_back(axes_json(kernel, plan));
  for (const auto& stride : spec.strides) kwargs["strides"].push_back(axes_json(stride, plan));
  kwargs[residual ? "n_blocks_per_stage" : "n_conv_per_stage"] = spec.conv_per_stage;
  kwargs["n_conv_per_stage_decoder"] = spec.conv_per_stage_decoder;
  kwargs["conv_bias"] = spec.conv_bias;
  kwargs["norm_op"] = "torch.nn.modules.instancenorm.InstanceNorm" + dimensions;
  kwargs["norm_op_kwargs"] = {{"eps", spec.norm_eps}, {"affine", true}};
  kwargs["dropout_op"] = spec.dropout ? Json("torch.nn.modules.dropout.Dropout" + dimensions) : Json(nullptr);
  kwargs["dropout_op_kwargs"] = spec.dropout ? Json{{"p", *spec.dropout}, {"inplace", true}} : Json(nullptr);
  kwargs["nonlin"] = "torch.nn.LeakyReLU";
  kwargs["nonlin_kwargs"] = {{"negative_slope", spec.leaky_slope}, {"inplace", true}};
  return {{"network_class_name", std::string(kClassPath).append(residual ? kResidual : kPlain)},
          {"arch_kwargs", kwargs},
          {"_kw_requires_import", {"conv_op", "norm_op", "dropout_op", "nonlin"}}};
}

void add_resampling(Json& json, const std::string& what, const ResamplingRule& rule) {
  json["resampling_fn_" + what] = kResample;
  Json kwargs{{"is_seg", what == "seg"}, {"order", rule.order}, {"order_z", rule.order_z}};
  kwargs["force_separate_z"] = rule.force_separate_z ? Json(*rule.force_separate_z) : Json(nullptr);
  json["resampling_fn_" + what + "_kwargs"] = kwargs;
}

Json configuration_json(const ModelPlan& plan) {
  Json json;
  json["data_identifier"] = "nnUNetPlans_" + plan.configuration;
  json["preprocessor_name"] = "DefaultPreprocessor";
  json["batch_size"] = plan.batch_size;
  json["patch_size"] = axes_json(plan.patch_size, plan);
  json["spacing"] = axes_json(plan.spacing_mm, plan);
  json["normalization_schemes"] = plan.normalization_schemes;
  std::vector<bool> masks = plan.use_mask_for_norm;
  masks.resize(plan.normalization_schemes.size(), false);
  json["use_mask_for_norm"] = masks;
  add_resampling(json, "data", plan.image_resampling);
  add_resampling(json, "seg", plan.label_resampling);
  add_resampling(json, "probabilities", plan.logit_resampling);
  json["architecture"] = architecture_json(plan);
  json["batch_dice"] = plan.batch_dice;
  if (!plan.previous_stage.empty()) json["previous_stage"] = plan.previous_stage;
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
  json["image_reader_writer"] = plan.orientation.empty() ? "SimpleITKIO" : "SimpleITKIOWithReorient";
  std::array<std::size_t, 3> backward{};
  for (std::size_t axis = 0; axis < 3; ++axis) backward[plan.transpose_forward[axis]] = axis;
  json["transpose_forward"] = plan.transpose_forward;
  json["transpose_backward"] = backward;
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

}  // namespace hepar
