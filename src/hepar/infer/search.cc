// SPDX-License-Identifier: Apache-2.0
#include "hepar/infer/search.h"

namespace hepar {

std::vector<int> WantedLabels::all() const {
  std::vector<int> values = liver;
  values.insert(values.end(), lesions.begin(), lesions.end());
  return values;
}

}  // namespace hepar
