// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace hepar {

// Random changes to training patches, in this order; each happens with its own chance. Defaults: nnU-Net v2,
// training/nnUNetTrainer/nnUNetTrainer.py, get_training_transforms, and batchgeneratorsv2. A range [low,
// high] with low < 1 < high is drawn from below 1 half of the time, from above 1 else (brightness, contrast,
// gamma).
struct AugmentationRecipe {
  double rotation_chance = 0.2, rotation_deg = 30;                 // about each axis, +-
  double scaling_chance = 0.2, scale_low = 0.7, scale_high = 1.4;  // > 1 shows more of the image, smaller
  // Ours, and off but for `small`: the lesion voxels of a patch (those of the last region or label) move
  // together by a random part of the way from their mean to fluid, 10 HU. What is dark and in the liver is
  // then learnt as lesion, and the Gaussian filter tells cysts from tumours. Only for CTNormalization.
  double darkening_chance = 0;
  double noise_chance = 0.1, noise_sd = 0.1;  // white, SD uniform in [0, noise_sd]
  double blur_chance = 0.2, blur_channel_chance = 0.5, blur_low = 0.5, blur_high = 1;  // sigma in voxels
  double brightness_chance = 0.15, brightness_low = 0.75, brightness_high = 1.25;      // factor
  double contrast_chance = 0.15, contrast_low = 0.75, contrast_high = 1.25;  // factor about the mean
  double low_resolution_chance = 0.25, low_resolution_channel_chance = 0.5,
         low_resolution_scale = 0.5;  // to 1
  double gamma_inverted_chance = 0.1, gamma_chance = 0.3, gamma_low = 0.7, gamma_high = 1.5;
  bool mirror = true;  // along each axis with chance 0.5; the model may then be mirrored when it predicts
};

// Everything that a training can be told. Zeros mean "as planned" where they say so.
struct TrainingRecipe {
  std::string name = "nnunet";
  // How `hepar train` plans a dataset that has no plans: "nnunet" by its fingerprint, "small" the network
  // of the demonstration model (plan/default_plan.h).
  std::string planner = "nnunet";
  std::array<std::int64_t, 3> patch{};  // voxels along d, h, w; 0,0,0: as planned
  std::int64_t batch = 0;               // patches per iteration, over all processes; 0: as planned
  double dropout = 0;                   // share of the channels dropped after each convolution

  std::int64_t epochs = 1000, iterations = 250, validation_iterations = 50;  // iterations per epoch
  std::string optimiser = "sgd";                                             // "sgd" (Nesterov) or "adam"
  double learning_rate = 0.01, momentum = 0.99, weight_decay = 3e-5;
  std::string schedule = "poly";  // (1 - epoch / epochs)^0.9, or "constant"
  double gradient_clip = 12;      // largest norm of all gradients together; 0: no limit
  // "nnunet": cross-entropy + Dice over the classes without background, scales weighted 1, 1/2, 1/4, ... and
  // the coarsest 0. "paper": Lin et al. 2024, formula 1, half of each, background counted, equal weights.
  std::string loss = "nnunet";
  std::int64_t scales = 0;  // finest outputs that the loss sees; 0: all

  double oversample_foreground = 0.33;  // share of the patches centred on a foreground voxel
  AugmentationRecipe augmentation;
  std::uint64_t seed = 1;
  std::string precision = "auto";  // "float32", "bfloat16", or "auto": bfloat16 on CUDA alone
};

// "nnunet": nnU-Net v2's own defaults. "paper": Lin et al., Front. Oncol. 14:1423774, 2024, section 2:
// Adam 2e-4, dropout 0.3, 1000 epochs, 4 scales, rotation and gamma. "small": the paper's loss and optimiser
// with a network and a schedule for two processor cores. Error(kInvalidInput) lists the names.
TrainingRecipe named_recipe(const std::string& name);
const std::vector<std::string>& recipe_names();

// Whose loops train: "hepar", "libtorch", or empty for Hepar's where they can. Error(kInvalidInput) when
// Hepar's are asked for and can't: they train on the device "cpu" in float32.
void check_kernels(const std::string& kernels, const std::string& device, const TrainingRecipe& recipe);

}  // namespace hepar
