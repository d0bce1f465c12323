// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hepar/plan/experiment_planner.h"
#include "hepar/plan/planner_preset.h"

namespace hepar {

// The text of plans.json with all keys in nnU-Net's order and form (plan_experiment and
// get_plans_for_configuration of default_experiment_planner.py).
std::string plans_json(const ExperimentPlan& plan, const Fingerprint& fingerprint,
                       const DatasetFacts& dataset, const PresetRules& rules);

}  // namespace hepar
