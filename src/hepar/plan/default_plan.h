// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hepar/nn/model_folder.h"

namespace hepar {

// The plan of the demonstration model: 3 mm voxels in RAS, patches of 64^3, five stages. Small enough to be
// trained on two processor cores within the hour and to run on them in seconds; not for clinical images.
// The intensity constants are set by hand, soft tissue from -160 to 240 HU, not measured on phantoms: those
// would clip real scans wrongly.
ModelPlan default_plan();

}  // namespace hepar
