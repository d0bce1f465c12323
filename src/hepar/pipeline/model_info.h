// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hepar/nn/model_folder.h"
#include "hepar/pipeline/liver_labels.h"

namespace hepar {

// One fold of a model, as far as its files tell.
struct FoldInfo {
  std::string fold, file;                 // file: relative to the model folder
  std::optional<std::int64_t> epochs;     // finished ones
  std::optional<double> pseudo_dice;      // nnU-Net's smoothed mean over foreground labels, on patches
  std::optional<double> validation_dice;  // of fold_K/validation/summary.json, foreground_mean
};

// Reads no weights.
FoldInfo fold_info(const ModelFolder& model, const FoldCheckpoint& checkpoint);

struct ModelInfo {
  ModelFolder model;
  std::int64_t parameters = 0;  // numbers in one fold's network
  std::vector<FoldInfo> folds;
  std::optional<LiverLabels> liver;         // what `segment` would take for liver, tumour and cyst
  std::vector<std::string> postprocessing;  // postprocessing.json files in the folder
};

// Reads everything but the weights' values. Errors of read_model_folder pass through.
ModelInfo model_info(const std::filesystem::path& folder, const ModelSelection& selection = {});

std::string model_info_json(const ModelInfo& info);  // "hepar.model/1"
std::string model_info_text(const ModelInfo& info);

}  // namespace hepar
