// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "hepar/lesion/lesion_filter.h"

namespace hepar {

// The document "hepar.lesions/2": regions with fit, verdict, reason and flags, the liver's own HU, the
// options, notes, and the seconds spent by stage where given. An undefined number is null. Two spaces of
// indentation, a newline at the end.
std::string lesions_json(const LesionFilterResult& result,
                         const std::map<std::string, double>& timings_s = {});

}  // namespace hepar
