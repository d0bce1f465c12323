// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include "hepar/train/trainer.h"

namespace hepar {

// Predicts every validation case whole, on the preprocessed grid, by sliding windows without mirroring, and
// writes folder/summary.json as nnU-Net does (nn/validation_summary.h). What lies outside the patient's box
// or is to be ignored does not count. Throws Error(kCancelled) when the observer says so.
Validation validate(const Trainer& trainer, const std::filesystem::path& folder,
                    const TrainingObserver& observer);

}  // namespace hepar
