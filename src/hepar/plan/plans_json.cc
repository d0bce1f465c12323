// SPDX-License-Identifier: Apache-2.0
#include "hepar/plan/plans_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "hepar/plan/fingerprint_json.h"
#include "hepar/plan/numpy_statistics.h"

namespace hepar {
namespace {

using Json = nlohmann::ordered_json;

// map_channel_name_to_normalization.py.
std::string normalization_of(std::string channel) {
  std::transform(channel.begin(), channel.end(), channel.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  if (channel == "ct") return "CTNormalization";
  if (channel == "nonorm") return "NoNormalization";
  if (channel == "rescale_to_0_1") return "RescaleTo01Normalization";
  if (channel == "rgb_to_0_1") return "RGBTo01Normalization";
  return "ZScoreNormalization";
}

// Only this scheme leaves voxels outside a mask alone, and only where much was cropped is it worth it
// (determine_normalization_scheme_and_whether_mask_is_used_for_norm).
bool uses_mask(const std::string& normalization, const Fingerprint& fingerprint) {
  return normalization == "ZScoreNormalization" && fingerprint.median_relative_size_after_cropping < 0.75;
}

Json resampling(bool is_labels, int order) {
  return {{"is_seg", is_labels}, {"order", order}, {"order_z", 0}, {"force_separate_z", nullptr}};
}

Json architecture(const PlannedConfiguration& plan) {
  const bool is_plain = plan.width.network_class == NetworkClass::kPlainConvUNet;
  const std::size_t axes = plan.spacing_mm.size();
  const Json arguments{{"n_stages", plan.topology.strides.size()},
                       {"features_per_stage", plan.width.features},
                       {"conv_op", fmt::format("torch.nn.modules.conv.Conv{}d", axes)},
                       {"kernel_sizes", plan.topology.kernel_sizes},
                       {"strides", plan.topology.strides},
                       {is_plain ? "n_conv_per_stage" : "n_blocks_per_stage", plan.width.encoder_blocks},
                       {"n_conv_per_stage_decoder", plan.width.decoder_convs},
                       {"conv_bias", true},
                       {"norm_op", fmt::format("torch.nn.modules.instancenorm.InstanceNorm{}d", axes)},
                       {"norm_op_kwargs", {{"eps", 1e-5}, {"affine", true}}},
                       {"dropout_op", nullptr},
                       {"dropout_op_kwargs", nullptr},
                       {"nonlin", "torch.nn.LeakyReLU"},
                       {"nonlin_kwargs", {{"inplace", true}}}};
  return {{"network_class_name", fmt::format("dynamic_network_architectures.architectures.unet.{}",
                                             is_plain ? "PlainConvUNet" : "ResidualEncoderUNet")},
          {"arch_kwargs", arguments},
          {"_kw_requires_import", {"conv_op", "norm_op", "dropout_op", "nonlin"}}};
}

// nnU-Net's residual planners share the data of 2d and 3d_fullres with the plain one's plans.
std::string data_identifier(const ExperimentPlan& plan, const std::string& configuration,
                            const PresetRules& rules) {
  const bool is_shared =
      rules.network_class == NetworkClass::kResidualEncoderUNet && configuration != "3d_lowres";
  return fmt::format("{}_{}", is_shared ? "nnUNetPlans" : plan.plans_name, configuration);
}

// Medians are floats in upstream's file, but the low resolution's were rounded to whole numbers.
Json median_size_json(const PlannedConfiguration& plan) {
  if (plan.name != "3d_lowres") return plan.median_size;
  return std::vector<std::int64_t>(plan.median_size.begin(), plan.median_size.end());
}

Json configuration_json(const PlannedConfiguration& configuration, const ExperimentPlan& plan,
                        const Fingerprint& fingerprint, const DatasetFacts& dataset,
                        const PresetRules& rules) {
  Json schemes = Json::array(), masks = Json::array();
  for (const std::string& channel : dataset.channel_names) {
    schemes.push_back(normalization_of(channel));
    masks.push_back(uses_mask(schemes.back(), fingerprint));
  }
  constexpr const char* kResampling = "resample_data_or_seg_to_shape";
  Json json{{"data_identifier", data_identifier(plan, configuration.name, rules)},
            {"preprocessor_name", "DefaultPreprocessor"},
            {"batch_size", configuration.batch_size},
            {"patch_size", configuration.topology.patch_size},
            {"median_image_size_in_voxels", median_size_json(configuration)},
            {"spacing", configuration.spacing_mm},
            {"normalization_schemes", schemes},
            {"use_mask_for_norm", masks},
            {"resampling_fn_data", kResampling},
            {"resampling_fn_seg", kResampling},
            {"resampling_fn_data_kwargs", resampling(false, 3)},
            {"resampling_fn_seg_kwargs", resampling(true, 1)},
            {"resampling_fn_probabilities", kResampling},
            {"resampling_fn_probabilities_kwargs", resampling(false, 1)},
            {"architecture", architecture(configuration)},
            {"batch_dice", configuration.batch_dice}};
  if (configuration.name == "3d_lowres") json["next_stage"] = "3d_cascade_fullres";
  return json;
}

template <class Rows>
double column_median(const Rows& rows, std::size_t axis) {
  std::vector<double> values;
  for (const auto& row : rows) values.push_back(static_cast<double>(row[axis]));
  return numpy_median(std::move(values));
}

}  // namespace

std::string plans_json(const ExperimentPlan& plan, const Fingerprint& fingerprint,
                       const DatasetFacts& dataset, const PresetRules& rules) {
  Json spacing = Json::array(), shape = Json::array();
  std::array<std::size_t, 3> backward{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::size_t source = plan.transpose_forward[axis];
    spacing.push_back(column_median(fingerprint.spacings_mm, source));
    shape.push_back(std::llrint(column_median(fingerprint.shapes_after_crop, source)));
    backward[source] = axis;
  }
  Json configurations = Json::object();
  for (const PlannedConfiguration& configuration : plan.configurations) {
    configurations[configuration.name] = configuration_json(configuration, plan, fingerprint, dataset, rules);
  }
  if (configurations.contains("3d_lowres")) {
    configurations["3d_cascade_fullres"] = {{"inherits_from", "3d_fullres"}, {"previous_stage", "3d_lowres"}};
  }
  const Json json{{"dataset_name", dataset.name},
                  {"plans_name", plan.plans_name},
                  {"original_median_spacing_after_transp", spacing},
                  {"original_median_shape_after_transp", shape},
                  {"image_reader_writer", dataset.image_reader},
                  {"transpose_forward", plan.transpose_forward},
                  {"transpose_backward", backward},
                  {"configurations", configurations},
                  {"experiment_planner_used", rules.planner},
                  {"label_manager", "LabelManager"},
                  {"foreground_intensity_properties_per_channel", intensities_json(fingerprint.intensities)}};
  return json.dump(4, ' ', true);
}

}  // namespace hepar
