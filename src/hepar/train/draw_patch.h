// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "hepar/recipe/training_recipe.h"
#include "hepar/train/patch.h"
#include "hepar/train/training_case.h"

namespace hepar {

// Sample `number` of a training, counted over all batches: it depends on the seed and on its number alone.
// The case is any training case, the place and the changes are those of patch_sampling.h and augmentation.h;
// of each `batch` samples (those of all processes together) the last ones show foreground. The patch has the
// plan's patch size. May be called by several threads at once.
Patch draw_training_patch(const PreprocessedDataset& dataset, const TrainingRecipe& recipe,
                          std::uint64_t number, std::int64_t batch);

// The same from the validation cases, of which there must be one: another random sequence, unchanged patches.
Patch draw_validation_patch(const PreprocessedDataset& dataset, const TrainingRecipe& recipe,
                            std::uint64_t number, std::int64_t batch);

}  // namespace hepar
