// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <vector>

#include "hepar/train/patch.h"

namespace hepar {

// Patches as the network takes them: image (N, C, D, H, W) float32, labels (N, D, H, W) int16.
struct Batch {
  at::Tensor image, labels;
};
Batch stack(const std::vector<Patch>& patches, const at::Device& device);

// Keeps a batch that broke the training, for a look at it.
void write_failed_batch(const std::filesystem::path& file, const Batch& batch);

}  // namespace hepar
