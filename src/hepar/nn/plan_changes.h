// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "hepar/nn/model_folder.h"

namespace hepar {

// What a training may change of a plan without another preprocessing.
struct PlanChanges {
  std::optional<Kernel3> patch_size;  // d, h, w
  std::optional<std::int64_t> batch_size;
  std::optional<double> dropout;  // share of the channels; 0: none
};

// The plan as it becomes. Error(kInvalidInput) when the patch is no multiple of what the network divides it
// by, or leaves a single voxel at the lowest resolution, which an instance norm can't train on.
ModelPlan changed_plan(ModelPlan plan, const PlanChanges& changes);

// Writes `from` to `to` with the changes in the named configuration; all else stays as it is. A dropout in
// plans of nnU-Net before version 2.3, which have no place for it, is Error(kUnsupported).
void write_changed_plan(const std::filesystem::path& from, const std::filesystem::path& to,
                        const std::string& configuration, const PlanChanges& changes);

}  // namespace hepar
