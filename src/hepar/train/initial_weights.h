// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/nn/model_folder.h"

namespace hepar {

// Where a training starts: `fresh` with what a trained model has in common with it. The model is a folder of
// Hepar or nnU-Net; its first fold counts. Its segmentation heads are taken where its dataset.json declares
// the same labels, else they stay fresh, as in nnU-Net (run/load_pretrained_weights.py). Everything else must
// be there in the same shape: Error(kInvalidInput) names the first parameter that is not.
struct InitialWeights {
  Weights weights;
  std::vector<std::string> notes;
};
InitialWeights transfer_weights(const std::filesystem::path& model, Weights fresh,
                                const DatasetLabels& labels);

}  // namespace hepar
