// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <span>

#include "hepar/nn/model_folder.h"
#include "hepar/volume/volume.h"

namespace hepar {

// Writes what nnU-Net keeps beside probabilities as NAME.pkl, so that nnUNetv2_ensemble can export them:
// spacing, shapes, the box used for cropping and, under the reader's key, the grid of the image
// (nnunetv2/imageio: simpleitk_reader_writer.py, nibabel_reader_writer.py; default_preprocessor.py).
// Not for models whose reader turns images around (plan.orientation): their files hold two grids.
void write_case_properties(const std::filesystem::path& path, const ModelPlan& plan,
                           std::span<const CtVolume> channels);

}  // namespace hepar
