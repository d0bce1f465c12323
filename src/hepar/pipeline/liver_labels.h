// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hepar/nn/model_folder.h"
#include "hepar/volume/volume.h"

namespace hepar {

// Which values of a model's label maps mean liver, its tumours and its cysts; a value stands in one list.
struct LiverLabels {
  std::vector<int> liver, tumour, cyst;
  std::vector<std::string> others = {};  // names of the labels that are none of these
};

// By the labels' names in any spelling. "Tumour", "cancer", "lesion" and the like are the liver's when they
// name it too ("liver_tumor", "HCC"), or when they name no other organ and the model has a liver ("cancer",
// but not "kidney_tumor"). In doubt a name counts as tumour: what is called tumour stays in the contour.
// Regions within a tumour region are tumour too. `tumours`, names or values of the model's, decide instead
// when there are any; Error(kInvalidInput) with the names there are when the model has no such label, or when
// a later region would hide the tumour. Nothing when there is no liver tumour.
std::optional<LiverLabels> find_liver_labels(const DatasetLabels& labels,
                                             const std::vector<std::string>& tumours = {});

// The same by the names alone, of models without a liver tumour, too.
LiverLabels find_liver_values(const DatasetLabels& labels);

// A sentence that tells the user what became of each label.
std::string meaning_note(const LiverLabels& meaning);

// Label 1, 2, 3 for liver, tumour and cyst, background for all else.
LabelMap to_hepar_labels(const WideLabelMap& labels, const LiverLabels& meaning);

}  // namespace hepar
