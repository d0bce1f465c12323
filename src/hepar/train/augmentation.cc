// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/augmentation.h"

#include <algorithm>

#include "hepar/train/intensity.h"

namespace hepar {
namespace {

// Numbers of the forks: a change of order would change every seeded training.
enum Stream : std::uint64_t {
  kRotation,
  kScaling,
  kDarkening,
  kNoise,
  kBlur,
  kBrightness,
  kContrast,
  kLowResolution,
  kInvertedGamma,
  kGamma,
  kMirror,
  kNoiseVoxels
};

// batchgeneratorsv2 transforms/intensity/contrast.py, BGContrast: below and above 1 equally often.
double draw_factor(double low, double high, Random& random) {
  const bool below = random.chance(0.5) && low < 1;
  return below ? random.uniform(low, 1) : random.uniform(std::max(low, 1.0), high);
}

// The changes to one patch.
class Augmenter {
 public:
  Augmenter(const PatchGeometry& geometry, const AugmentationRecipe& recipe, const Random& random)
      : geometry_(geometry), recipe_(recipe), random_(random) {}

  Patch cut(const SourceWindow& window) const {
    std::array<double, 3> angles_rad{}, scales{1, 1, 1};
    Random rotation = random_.fork(kRotation), scaling = random_.fork(kScaling);
    const bool turns = rotation.chance(recipe_.rotation_chance);
    const bool grows = scaling.chance(recipe_.scaling_chance);
    if (!turns && !grows) return crop_patch(window, geometry_.final_size);
    if (turns) {
      const double limit = geometry_.rotation_limit_rad;
      angles_rad[0] = rotation.uniform(-limit, limit);
      for (std::size_t axis = 1; axis < 3 && !geometry_.in_plane; ++axis)
        angles_rad[axis] = rotation.uniform(-limit, limit);
    }
    if (grows) {
      scales.fill(scaling.uniform(recipe_.scale_low, recipe_.scale_high));
      if (geometry_.in_plane) scales[0] = 1;
    }
    return resample_patch(window, geometry_.final_size, source_from_patch(angles_rad, scales));
  }

  void darken(Patch& patch, const ModelPlan& plan, const DatasetLabels& labels) const {
    Random random = random_.fork(kDarkening);
    if (!random.chance(recipe_.darkening_chance) || plan.normalization_schemes.at(0) != "CTNormalization")
      return;
    const std::vector<int> lesions =
        labels.has_regions() ? labels.regions.back().second : std::vector{labels.foreground_labels.back()};
    std::vector<std::size_t> voxels;
    double sum = 0;
    for (std::size_t v = 0; v < patch.labels.size(); ++v) {
      if (std::find(lesions.begin(), lesions.end(), patch.labels[v]) == lesions.end()) continue;
      voxels.push_back(v);
      sum += static_cast<double>(patch.image[v]);
    }
    if (voxels.empty()) return;
    constexpr double kFluidHu = 10;
    const IntensityProperties& normal = plan.intensities.at(0);
    const double fluid = (kFluidHu - normal.mean) / normal.std;
    const double to_fluid = std::min(0.0, fluid - sum / static_cast<double>(voxels.size()));
    const auto shift = static_cast<float>(random.uniform() * to_fluid);
    for (const std::size_t v : voxels) patch.image[v] += shift;
  }

  void change_intensities(Patch& patch) const {
    Random noise = random_.fork(kNoise);
    if (noise.chance(recipe_.noise_chance)) {
      const double sd = noise.uniform(0, recipe_.noise_sd);
      add_noise(patch.image, patch.channels, sd, random_.fork(kNoiseVoxels));
    }
    blur_channels(patch);
    change_channels(patch, kBrightness, recipe_.brightness_chance, [&](std::span<float> channel, Random& r) {
      scale_brightness(channel, draw_factor(recipe_.brightness_low, recipe_.brightness_high, r));
    });
    change_channels(patch, kContrast, recipe_.contrast_chance, [&](std::span<float> channel, Random& r) {
      change_contrast(channel, draw_factor(recipe_.contrast_low, recipe_.contrast_high, r));
    });
    lower_channels(patch);
    const auto gamma = [&](Stream stream, double chance, bool inverted) {
      change_channels(patch, stream, chance, [&](std::span<float> channel, Random& r) {
        change_gamma(channel, draw_factor(recipe_.gamma_low, recipe_.gamma_high, r), inverted);
      });
    };
    gamma(kInvertedGamma, recipe_.gamma_inverted_chance, true);
    gamma(kGamma, recipe_.gamma_chance, false);
  }

  void mirror_axes(Patch& patch) const {
    Random random = random_.fork(kMirror);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (random.chance(0.5) && recipe_.mirror) mirror(patch, axis);
    }
  }

 private:
  // With `chance`, calls change(channel, random) for every channel.
  template <class Change>
  void change_channels(Patch& patch, Stream stream, double chance, Change change) const {
    Random random = random_.fork(stream);
    if (!random.chance(chance)) return;
    const auto voxels = static_cast<std::size_t>(patch.voxel_count());
    for (std::size_t c = 0; c < static_cast<std::size_t>(patch.channels); ++c)
      change(std::span(patch.image).subspan(c * voxels, voxels), random);
  }

  void blur_channels(Patch& patch) const {
    change_channels(patch, kBlur, recipe_.blur_chance, [&](std::span<float> channel, Random& random) {
      const bool applies = random.chance(recipe_.blur_channel_chance);
      std::array<double, 3> sigma_voxels{};
      for (double& sigma : sigma_voxels) sigma = random.uniform(recipe_.blur_low, recipe_.blur_high);
      if (applies) blur(channel, patch.size, sigma_voxels);
    });
  }

  void lower_channels(Patch& patch) const {
    const auto lower = [&](std::span<float> channel, Random& random) {
      const bool applies = random.chance(recipe_.low_resolution_channel_chance);
      std::array<double, 3> scale{};
      scale.fill(random.uniform(recipe_.low_resolution_scale, 1));
      if (geometry_.in_plane) scale[0] = 1;
      if (applies) lower_resolution(channel, patch.size, scale);
    };
    change_channels(patch, kLowResolution, recipe_.low_resolution_chance, lower);
  }

  const PatchGeometry& geometry_;
  const AugmentationRecipe& recipe_;
  const Random& random_;
};

void clear_outside(Patch& patch, const std::vector<bool>& channels) {
  const std::size_t voxels = patch.labels.size();
  for (std::size_t c = 0; c < channels.size(); ++c) {
    for (std::size_t v = 0; channels[c] && v < voxels; ++v) {
      if (patch.labels[v] < 0) patch.image[c * voxels + v] = 0;
    }
  }
}

}  // namespace

Patch augmented_patch(const SourceWindow& window, const PatchGeometry& geometry, const ModelPlan& plan,
                      const DatasetLabels& labels, const AugmentationRecipe& recipe, const Random& random) {
  const Augmenter augmenter(geometry, recipe, random);
  Patch patch = augmenter.cut(window);
  augmenter.darken(patch, plan, labels);
  augmenter.change_intensities(patch);
  augmenter.mirror_axes(patch);
  clear_outside(patch, plan.use_mask_for_norm);
  make_nothing_background(patch);
  return patch;
}

void make_nothing_background(Patch& patch) {
  for (std::int16_t& label : patch.labels) label = std::max<std::int16_t>(label, 0);
}

}  // namespace hepar
