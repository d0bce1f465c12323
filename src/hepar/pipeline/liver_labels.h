// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hepar/nn/model_folder.h"
#include "hepar/volume/volume.h"

namespace hepar {

// Which values of a model's label maps mean liver, its tumours and its cysts; a value stands in one list at
// most.
struct LiverLabels {
  std::vector<int> liver, tumour, cyst;
};

// By the labels' names in any spelling: "tumour", "cancer", "lesion" and the like are the liver's when they
// name it too ("liver_tumor"), or when they name no other organ and the model has a liver ("cancer", but not
// "kidney_tumor"). `tumour`, a name or a value of the model's, decides instead when it is not empty;
// Error(kInvalidInput) with the names there are when the model has no such label.
// Nothing when there is no liver tumour.
std::optional<LiverLabels> find_liver_labels(const DatasetLabels& labels, const std::string& tumour = "");

// Label 1, 2, 3 for liver, tumour and cyst, background for all else.
LabelMap to_hepar_labels(const WideLabelMap& labels, const LiverLabels& meaning);

}  // namespace hepar
