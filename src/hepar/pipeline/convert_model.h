// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hepar/nn/model_folder.h"

namespace hepar {

enum class ModelForm {
  kHepar,   // fold_K/checkpoint_final.safetensors
  kNnunet,  // fold_K/checkpoint_final.pth, which Python nnU-Net v2 loads
};

struct ConvertRequest {
  std::filesystem::path model, output;
  ModelSelection selection;
  ModelForm to = ModelForm::kHepar;
};

// Every name under which nnU-Net's state_dict lists a parameter of network_spec.h, that name first: blocks
// list their layers twice (all_modules.N) and the decoder lists the encoder again; see
// dynamic_network_architectures, building_blocks/simple_conv_blocks.py, residual.py and unet_decoder.py.
std::vector<std::string> state_dict_names(const NetworkSpec& spec, const std::string& parameter);

// Writes a model folder in the other form, whole or not at all: plans.json and dataset.json as they are,
// the selected folds' weights without loss, for Hepar a MODEL_CARD.md that says where they come from.
// Returns the names of the files. Error(kInvalidInput) when the output folder holds a model already.
std::vector<std::string> convert_model(const ConvertRequest& request);

}  // namespace hepar
