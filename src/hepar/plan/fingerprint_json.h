// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "hepar/plan/fingerprint.h"

namespace hepar {

// foreground_intensity_properties_per_channel, as it stands in fingerprints and plans.
nlohmann::ordered_json intensities_json(const std::vector<IntensityStatistics>& channels);

}  // namespace hepar
