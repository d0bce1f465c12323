// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "hepar/nn_torch/torch_network.h"
#include "hepar/train/train.h"
#include "hepar/train/training_case.h"

namespace hepar {

// DSC of every region over whole validation cases: the network runs on patches side by side, the last
// of each axis moved back to the case's border, without the overlap and weights of real inference.
std::vector<ValidationScore> validate(const TorchNetwork& network, const PreprocessedDataset& dataset);

}  // namespace hepar
