// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/draw_patch.h"

#include "hepar/core/error.h"
#include "hepar/train/augmentation.h"
#include "hepar/train/patch_sampling.h"

namespace hepar {
namespace {

// Numbers of the forks: of the seed, and of one sample.
enum Purpose : std::uint64_t { kTraining = 1, kValidation = 2 };
enum Stream : std::uint64_t { kCase, kPlace, kChanges };

struct Sample {
  std::size_t case_index;
  SourceWindow window;
};

Sample draw_sample(const std::vector<TrainingCase>& cases, const DatasetLabels& labels,
                   const PatchGeometry& geometry, bool foreground, const Random& random) {
  HEPAR_EXPECT(!cases.empty(), "there are no cases to draw patches from");
  const auto index =
      static_cast<std::size_t>(random.fork(kCase).integer(0, static_cast<std::int64_t>(cases.size()) - 1));
  const TrainingCase& source = cases[index];
  SourceWindow window{.image = source.image(),
                      .labels = source.labels(),
                      .channels = source.channels(),
                      .case_size = source.size(),
                      .start = draw_patch_start(source, labels, geometry, foreground, random.fork(kPlace)),
                      .size = geometry.initial_size};
  return {index, window};
}

bool wants_foreground(const TrainingRecipe& recipe, std::uint64_t number, std::int64_t batch) {
  HEPAR_EXPECT(batch > 0, "a batch has patches");
  const auto sample = static_cast<std::int64_t>(number % static_cast<std::uint64_t>(batch));
  return shows_foreground(sample, batch, recipe.oversample_foreground);
}

}  // namespace

Patch draw_training_patch(const PreprocessedDataset& dataset, const TrainingRecipe& recipe,
                          std::uint64_t number, std::int64_t batch) {
  const Random random = Random(recipe.seed).fork(kTraining).fork(number);
  const PatchGeometry geometry = training_geometry(dataset.plan, recipe.augmentation);
  const Sample sample = draw_sample(dataset.training, dataset.labels, geometry,
                                    wants_foreground(recipe, number, batch), random);
  Patch patch = augmented_patch(sample.window, geometry, dataset.plan, dataset.labels, recipe.augmentation,
                                random.fork(kChanges));
  patch.case_index = sample.case_index;
  return patch;
}

Patch draw_validation_patch(const PreprocessedDataset& dataset, const TrainingRecipe& recipe,
                            std::uint64_t number, std::int64_t batch) {
  const Random random = Random(recipe.seed).fork(kValidation).fork(number);
  const Kernel3& size = dataset.plan.patch_size;
  const PatchGeometry geometry{.final_size = size, .initial_size = size};
  const Sample sample = draw_sample(dataset.validation, dataset.labels, geometry,
                                    wants_foreground(recipe, number, batch), random);
  Patch patch = crop_patch(sample.window, size);
  make_nothing_background(patch);
  patch.case_index = sample.case_index;
  return patch;
}

}  // namespace hepar
