// SPDX-License-Identifier: Apache-2.0
#pragma once

// Models for tests: golden ones of nnU-Net, and changed copies of them.

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hepar/core/file.h"
#include "hepar/infer/model.h"
#include "hepar/nn_cpu/cpu_engine.h"
#include "hepar/tensors/weights.h"

namespace hepar::test_model {

// Two folds, regions liver [1, 2] and cancer [2]; and a scan for it.
inline const std::filesystem::path kCase = HEPAR_GOLDEN "/nnunet/case2_regions_crop_pad_ensemble";
inline const std::filesystem::path kModel =
    kCase / "model/Dataset802_LiverRegions/nnUNetTrainer__nnUNetPlans__3d_fullres";
inline const std::filesystem::path kScan = kCase / "input/test_000_0000.nii.gz";

inline EngineFactory engine_factory() {
  return [](const ModelPlan& plan, const Weights& weights) { return make_cpu_engine(plan.network, weights); };
}

using Json = nlohmann::ordered_json;
inline void edit(const std::filesystem::path& file, const std::function<void(Json&)>& change) {
  Json json = Json::parse(read_text_file(file));
  change(json);
  write_text_file(file, json.dump());
}

// The golden model's fold 0 in Hepar's form, with `change` made to its weights.
inline void write_changed_model(const std::filesystem::path& folder, const std::string& configuration,
                                const std::function<void(Weights&)>& change) {
  make_folder(folder / "fold_0");
  for (const char* file : {"plans.json", "dataset.json"})
    write_text_file(folder / file, read_text_file(kModel / file));
  Weights weights = read_fold(read_model_folder(kModel, {.folds = {"0"}, .checkpoint = {}}), 0);
  change(weights);
  std::vector<TensorToWrite> tensors;
  for (const auto& [name, tensor] : weights)
    tensors.push_back({name, ElementType::kFloat32, tensor.shape, std::as_bytes(std::span(tensor.values))});
  write_safetensors(folder / "fold_0/checkpoint_final.safetensors", tensors,
                    {{"configuration", configuration}, {"inference_allowed_mirroring_axes", "[0, 1, 2]"}});
}

// Gives the first convolution further input channels whose weights are 0: they change nothing.
inline void add_idle_inputs(Weights& weights, std::int64_t count) {
  NamedTensor& first = weights.at("encoder.stages.0.0.convs.0.conv.weight");
  const std::int64_t outputs = first.shape[0], taps = first.shape[2] * first.shape[3] * first.shape[4];
  std::vector<float> wider;
  for (std::int64_t n = 0; n < outputs; ++n) {
    wider.insert(wider.end(), first.values.begin() + n * taps, first.values.begin() + (n + 1) * taps);
    wider.insert(wider.end(), static_cast<std::size_t>(count * taps), 0.0F);
  }
  first.shape[1] += count;
  first.values = std::move(wider);
}

}  // namespace hepar::test_model
