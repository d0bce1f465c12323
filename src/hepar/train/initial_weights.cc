// SPDX-License-Identifier: Apache-2.0
#include "hepar/train/initial_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hepar/core/error.h"

namespace hepar {
namespace {

bool is_head(const std::string& name) { return name.starts_with("decoder.seg_layers."); }

bool same_meaning(const DatasetLabels& a, const DatasetLabels& b) {
  return a.regions == b.regions && a.regions_class_order == b.regions_class_order && a.heads() == b.heads();
}

}  // namespace

InitialWeights transfer_weights(const std::filesystem::path& folder, Weights fresh,
                                const DatasetLabels& labels) {
  const ModelFolder model = read_model_folder(folder);
  const Weights trained = read_fold(model, 0);
  InitialWeights initial{.weights = std::move(fresh), .notes = {}};
  const bool with_heads = same_meaning(model.labels, labels);
  for (auto& [name, tensor] : initial.weights) {
    if (is_head(name) && !with_heads) continue;
    const auto found = trained.find(name);
    if (found == trained.end() || found->second.shape != tensor.shape) {
      throw Error(
          ErrorCode::kInvalidInput,
          fmt::format("{} can't be where this training starts: its {} {}, the planned network wants [{}]; "
                      "train with the plans of that model",
                      folder.string(), name,
                      found == trained.end()
                          ? "is missing"
                          : fmt::format("has the shape [{}]", fmt::join(found->second.shape, ", ")),
                      fmt::join(tensor.shape, ", ")));
    }
    tensor = found->second;
  }
  if (!with_heads) {
    initial.notes.push_back(fmt::format(
        "{} was trained on other labels: its segmentation heads are left out and start at random.",
        folder.string()));
  }
  if (model.checkpoints.size() > 1) {
    initial.notes.push_back(fmt::format("Of the {} folds of {} the training starts from fold {}.",
                                        model.checkpoints.size(), folder.string(),
                                        model.checkpoints.front().fold));
  }
  return initial;
}

}  // namespace hepar
