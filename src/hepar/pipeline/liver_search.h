// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "hepar/infer/model.h"
#include "hepar/pipeline/liver_labels.h"

namespace hepar {

// How a user says it: full, body or liver.
std::string_view search_name(Search search);

// What was made of a wish for Search::kLabels.
struct LiverSearch {
  PredictOptions options;
  std::string not_searched;  // why it became Search::kBody; empty: it did not
};

// `options` with the labels to look for, the model's liver and all in it; the coarse model that lies in the
// model's folder is loaded. Search::kBody instead where the model has other labels, which such a search would
// cut, or neither it nor the coarse model has a liver's. Other searches stay as they are.
// Error(kInvalidInput) when the coarse model can't be read or has no liver's label.
LiverSearch plan_liver_search(PredictOptions options, Model& model, const LiverLabels& meaning,
                              const EngineFactory& make_engine);

// What the search did, for the user; empty where all windows ran as asked.
std::string search_note(const SearchRecord& record);

}  // namespace hepar
